// What the encoders of categories share: fitted levels, found again in another table's column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/common/parallel.h"
#include "preprocessing/table/column.h"
#include "preprocessing/table/dictionary.h"

namespace ebb::preprocessing {

/// The levels in their order, for lookup. Throws DataError on a repeated one.
Dictionary dictionary_of(const std::vector<std::string>& levels);

/// For each level of `column`, a text column, its place among `fitted`, or Dictionary::kUnknown.
std::vector<std::int32_t> match_levels(const Column& column, const Dictionary& fitted);

/// The levels that training rows hold, most frequent first, then bytewise by name, with their
/// counts; a level of the whole table may be absent from the training rows. Linear in rows.
struct LevelCounts {
  std::vector<std::string> levels;
  std::vector<std::size_t> counts;
  std::size_t missing = 0;
};
LevelCounts count_levels(const Column& column);

/// Throws Error unless `column` holds codes of texts: encoders take as_text() of another one.
void require_texts(const Column& column);

/// What stands for one row's code, kMissingCode or an index of `of_level`.
template <class T>
T value_of_code(std::int32_t code, const T* of_level, T missing) {
  return code == kMissingCode ? missing : of_level[code];
}

/// value_of_code for all rows, in parallel: T is no bool.
template <class T>
std::vector<T> values_of_codes(std::span<const std::int32_t> codes, const std::vector<T>& of_level,
                               T missing) {
  constexpr std::size_t kRange = 16384;
  std::vector<T> values(codes.size());
  parallel_ranges(codes.size(), 1, kRange, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      values[row] = value_of_code(codes[row], of_level.data(), missing);
    }
  });
  return values;
}

}  // namespace ebb::preprocessing

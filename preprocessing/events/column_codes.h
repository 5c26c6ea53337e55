// The values of any column as codes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// For each row a code, kMissingCode where the value is missing, and what the codes stand for: the
/// integers, ascending, if the column holds integers, else texts, as the column orders them.
struct ColumnCodes {
  std::vector<std::int32_t> codes;
  std::vector<std::int64_t> integers;
  std::vector<std::string> levels;

  [[nodiscard]] std::size_t size() const { return integers.size() + levels.size(); }
  /// The spelling of each code.
  [[nodiscard]] std::vector<std::string> spellings() const;
};

/// Numbers are taken by their shortest spellings. Cost: linear; n log n for integers that are
/// scattered over more than four times as many numbers as there are rows.
ColumnCodes codes_of(const Column& column);

/// The same of the rows for which `needed` is not missing; the others' codes are. Texts are in
/// ascending order of their bytes, and what none of these rows holds is left out.
ColumnCodes ordered_codes_of(const Column& column, const std::vector<std::int64_t>& needed);

}  // namespace ebb::preprocessing

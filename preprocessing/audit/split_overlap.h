// What the parts of a given split share.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

struct SharedIdentifier {
  std::string column;
  std::size_t values = 0;  ///< that occur in more than one part
};

struct SplitOverlap {
  /// Rows that equal one of another part in every compared column.
  std::size_t validation_in_train = 0;
  std::size_t test_in_train = 0;
  std::size_t test_in_validation = 0;
  std::vector<SharedIdentifier> identifiers;  ///< of which values are shared: customers, mostly
  [[nodiscard]] bool any() const {
    return validation_in_train + test_in_train + test_in_validation + identifiers.size() > 0;
  }
};

/// `compared`: the columns in which equal rows are equal; `identifiers`: those whose values should
/// be in one part each. By 64-bit hashes (row_hashes.h), linear cost. Throws DataError as
/// split_by_column (split/split.h) and on unknown names.
SplitOverlap find_split_overlap(const Table& table, std::string_view split_column,
                                std::span<const std::string> compared,
                                std::span<const std::string> identifiers);

}  // namespace ebb::preprocessing

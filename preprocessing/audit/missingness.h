// Which values are missing, which are missing together, and whether that tells about the label.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

struct MissingColumn {
  std::string name;
  std::size_t missing = 0;
  double share = 0.0;
  double positives_missing = 0.0;  ///< share of label 1 among rows without the value
  double positives_present = 0.0;
  double p_value = 1.0;  ///< chi-square test of missing against label (contingency.h)
};

/// Columns of which the same rows lack a value: Jaccard's index, rows that lack both over rows that
/// lack one, is at least kTogether with the first of them.
struct MissingGroup {
  std::vector<std::string> columns;  ///< two or more
  std::size_t rows = 0;              ///< that lack the first column's value
};

struct Missingness {
  std::vector<MissingColumn> columns;  ///< those that lack a value at all, most first
  std::vector<MissingGroup> groups;
};

inline constexpr double kTogether = 0.9;

/// Of the named columns. Linear cost, and one pass over bits for each pair of columns that lack
/// values. Throws DataError on unknown names, Error on labels of another length.
Missingness find_missingness(const Table& table, std::span<const std::string> names,
                             std::span<const float> labels);

}  // namespace ebb::preprocessing

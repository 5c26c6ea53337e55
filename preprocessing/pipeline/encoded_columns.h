// The columns of a table as encoding reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "preprocessing/encoding/category_encoding.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

/// The values of a number feature: those of the table's column, or `owned`, made for the occasion.
/// Moving it keeps `values` valid.
struct EncodedNumber {
  std::vector<double> owned;
  std::span<const double> values;
  bool is_absent = false;
};

/// The same of a category feature.
struct EncodedCategory {
  Column owned;
  const Column* of_table = nullptr;  ///< null: owned
  std::vector<std::int32_t> code_of_level;
  bool is_absent = false;

  [[nodiscard]] const Column& column() const { return of_table != nullptr ? *of_table : owned; }
};

}  // namespace ebb::preprocessing

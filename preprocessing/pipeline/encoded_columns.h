// The columns of a table as encoding reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "preprocessing/encoding/category_encoding.h"
#include "preprocessing/pipeline/drift.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

class Pipeline;

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
  [[nodiscard]] std::int32_t code(std::size_t row) const {
    const std::int32_t level = column().codes[row];
    return level == kMissingCode ? kEncodedMissing : code_of_level[static_cast<std::size_t>(level)];
  }
};

/// Adds to `report` what the rows of a table hold, column by column in parallel: the values of
/// pipeline.judged_numbers() and judged_categories(). Throws Error for a report of another
/// pipeline.
void count_drift(const Pipeline& pipeline, std::span<const EncodedNumber> numbers,
                 std::span<const EncodedCategory> categories, std::size_t rows,
                 DriftReport& report);

}  // namespace ebb::preprocessing

// The target column as 0 and 1.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// One label per row: 1 for classes[1], the positive class (a customer who leaves), else 0.
struct Labels {
  std::vector<float> values;
  std::array<std::string, 2> classes;  ///< negative, positive: as the column spells them
  [[nodiscard]] std::size_t positives() const;
};

/// Reads labels from column `target`. Understood without `positive`: 0/1, no/yes, false/true, in
/// any case, numbers in any spelling ("1.0"). Any other two values need `positive`, the one to
/// predict. Throws DataError: no such column (the columns are listed), a missing label (with its
/// line), one class only, more than two classes (they are listed), two unknown classes without
/// `positive`, a `positive` that does not occur.
Labels parse_labels(const Table& table, std::string_view target,
                    const std::optional<std::string>& positive = {});

/// Reads labels of a model whose classes are known, for evaluation: one class alone is fine here.
/// Spellings of one meaning are equal ("Yes" and "1", "0" and "0.0"). Throws DataError for a
/// missing column or label and, with its line, for a value that is neither class.
Labels parse_labels(const Table& table, std::string_view target,
                    const std::array<std::string, 2>& classes);

}  // namespace ebb::preprocessing

#include "preprocessing/split/split.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "kernels/common/error.h"

namespace ebb::preprocessing {
namespace {

void check_fraction(double fraction, std::string_view name) {
  if (!(fraction >= 0.0 && fraction < 1.0)) {
    fail<DataError>("the {} fraction is {}: expected at least 0 and below 1", name, fraction);
  }
}

}  // namespace

void check_fractions(double validation_fraction, double test_fraction) {
  check_fraction(validation_fraction, "validation");
  check_fraction(test_fraction, "test");
  if (validation_fraction + test_fraction >= 1.0) {
    fail<DataError>(
        "the validation fraction {} and the test fraction {} leave no rows for training",
        validation_fraction, test_fraction);
  }
}

Split split_by_column(const Table& table, std::string_view name) {
  const Column& column = table.column(name);
  Split split;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    std::string value = column.text(row);
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (value == "train") {
      split.train.push_back(row);
    } else if (value == "val" || value == "validation") {
      split.validation.push_back(row);
    } else if (value == "test") {
      split.test.push_back(row);
    } else {
      fail<DataError>(
          "{}: column \"{}\" splits the rows and holds \"{}\": expected train, val or "
          "test",
          table.where(row), name, column.text(row));
    }
  }
  if (split.train.empty()) {
    fail<DataError>("{}: column \"{}\" marks no row as train", table.source(), name);
  }
  return split;
}

void check_split(const Split& split, std::span<const float> labels, bool needs_validation) {
  const auto positives = std::count_if(split.train.begin(), split.train.end(),
                                       [&](std::size_t row) { return labels[row] > 0.5F; });
  const auto negatives = static_cast<std::ptrdiff_t>(split.train.size()) - positives;
  if (positives == 0 || negatives == 0) {
    fail<DataError>(
        "the {} training rows hold {} positive and {} negative labels: both classes are "
        "needed, so give more rows or smaller fractions",
        split.train.size(), positives, negatives);
  }
  if (needs_validation && split.validation.empty()) {
    fail<DataError>(
        "there are no validation rows among {}: give more rows or a larger validation "
        "fraction",
        labels.size());
  }
}

Fold fold_rows(std::span<const std::uint32_t> fold_of_row, std::uint32_t fold) {
  Fold rows;
  for (std::size_t row = 0; row < fold_of_row.size(); ++row) {
    (fold_of_row[row] == fold ? rows.test : rows.train).push_back(row);
  }
  return rows;
}

}  // namespace ebb::preprocessing

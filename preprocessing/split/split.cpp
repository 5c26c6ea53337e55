#include "preprocessing/split/split.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string>

#include "kernels/common/error.h"
#include "preprocessing/split/random_order.h"

namespace ebb::preprocessing {
namespace {

using Classes = std::array<std::vector<std::size_t>, 2>;

/// The rows of each class in the seeded random order.
Classes shuffled_classes(std::span<const float> labels, std::uint64_t seed) {
  Classes classes;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    classes[labels[row] > 0.5F ? 1 : 0].push_back(row);
  }
  for (std::size_t label = 0; label < 2; ++label) {
    SplitMix64 generator(seed, label);
    shuffle(std::span(classes[label]), generator);
  }
  return classes;
}

/// How many rows of each class a part of `fraction` takes.
std::array<std::size_t, 2> share(const Classes& classes, double fraction) {
  const std::size_t rows = classes[0].size() + classes[1].size();
  const auto wanted = static_cast<std::size_t>(std::llround(static_cast<double>(rows) * fraction));
  std::array<std::size_t, 2> counts{};
  std::array<double, 2> remainders{};
  for (std::size_t label = 0; label < 2; ++label) {
    const double exact = static_cast<double>(classes[label].size()) * fraction;
    counts[label] = static_cast<std::size_t>(exact);
    remainders[label] = exact - std::floor(exact);
  }
  const bool larger = classes[1].size() > classes[0].size();
  const bool first = remainders[0] == remainders[1] ? larger : remainders[1] > remainders[0];
  for (const bool label : {first, !first}) {
    if (counts[0] + counts[1] < wanted && counts[label] < classes[label].size()) ++counts[label];
  }
  return counts;
}

void check_fraction(double fraction, std::string_view name) {
  if (!(fraction >= 0.0 && fraction < 1.0)) {
    fail<DataError>("the {} fraction is {}: expected at least 0 and below 1", name, fraction);
  }
}

}  // namespace

Split split_rows(std::span<const float> labels, const SplitOptions& options) {
  check_fraction(options.validation_fraction, "validation");
  check_fraction(options.test_fraction, "test");
  if (options.validation_fraction + options.test_fraction >= 1.0) {
    fail<DataError>(
        "the validation fraction {} and the test fraction {} leave no rows for training",
        options.validation_fraction, options.test_fraction);
  }
  const Classes classes = shuffled_classes(labels, options.seed);
  const auto test = share(classes, options.test_fraction);
  const auto validation = share(classes, options.validation_fraction);
  Split split;
  for (std::size_t label = 0; label < 2; ++label) {
    const std::vector<std::size_t>& rows = classes[label];
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::vector<std::size_t>& part = i < test[label]                       ? split.test
                                       : i < test[label] + validation[label] ? split.validation
                                                                             : split.train;
      part.push_back(rows[i]);
    }
  }
  for (auto* part : {&split.train, &split.validation, &split.test}) {
    std::sort(part->begin(), part->end());
  }
  if (options.test_fraction > 0.0 && split.test.empty()) {
    fail<DataError>("{} rows are too few for a test fraction of {}: the part would be empty",
                    labels.size(), options.test_fraction);
  }
  check_split(split, labels, options.validation_fraction > 0.0);
  return split;
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

std::vector<std::uint32_t> stratified_folds(std::span<const float> labels, std::uint32_t folds,
                                            std::uint64_t seed) {
  const Classes classes = shuffled_classes(labels, seed);
  const std::size_t fewest = std::min(classes[0].size(), classes[1].size());
  if (folds < 2 || fewest < folds) {
    fail<DataError>(
        "{} folds of {} rows, {} in the smaller class: expected at least 2 folds and as "
        "many rows of each class",
        folds, labels.size(), fewest);
  }
  std::vector<std::uint32_t> fold_of_row(labels.size());
  std::uint32_t next = 0;
  for (const std::vector<std::size_t>& rows : classes) {
    for (const std::size_t row : rows) {
      fold_of_row[row] = next;
      next = (next + 1) % folds;
    }
  }
  return fold_of_row;
}

}  // namespace ebb::preprocessing

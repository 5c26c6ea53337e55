#include "preprocessing/split/random_split.h"

#include <numeric>

#include "kernels/common/error.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/split/shuffled_classes.h"

namespace ebb::preprocessing {
namespace {

Classes one_shuffled_class(std::size_t rows, std::uint64_t seed) {
  Classes classes(1, std::vector<std::size_t>(rows));
  std::iota(classes[0].begin(), classes[0].end(), std::size_t{0});
  shuffle_classes(classes, seed);
  return classes;
}

}  // namespace

Split random_split(std::size_t rows, const SplitOptions& options) {
  Split split = split_classes(one_shuffled_class(rows, options.seed), options);
  const bool lacks_validation = options.validation_fraction > 0.0 && split.validation.empty();
  if (lacks_validation || split.train.empty()) {
    fail<DataError>(
        "{} {} too few for a validation fraction of {} and a test fraction of {}: {} part would be "
        "empty",
        counted(rows, "row"), noun_for(rows, "is", "are"), options.validation_fraction,
        options.test_fraction, lacks_validation ? "the validation" : "the training");
  }
  return split;
}

std::vector<std::uint32_t> random_folds(std::size_t rows, std::uint32_t folds, std::uint64_t seed) {
  if (folds < 2 || rows < folds) {
    fail<DataError>("{} folds of {} rows: expected at least 2 folds and a row for each", folds,
                    rows);
  }
  return deal_classes(one_shuffled_class(rows, seed), folds);
}

}  // namespace ebb::preprocessing

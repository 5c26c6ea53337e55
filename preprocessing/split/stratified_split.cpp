#include "preprocessing/split/stratified_split.h"

#include <algorithm>

#include "kernels/common/error.h"
#include "preprocessing/split/shuffled_classes.h"

namespace ebb::preprocessing {
namespace {

Classes shuffled_by_label(std::span<const float> labels, std::uint64_t seed) {
  Classes classes(2);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    classes[labels[row] > 0.5F ? 1 : 0].push_back(row);
  }
  shuffle_classes(classes, seed);
  return classes;
}

}  // namespace

Split stratified_split(std::span<const float> labels, const SplitOptions& options) {
  Split split = split_classes(shuffled_by_label(labels, options.seed), options);
  check_split(split, labels, options.validation_fraction > 0.0);
  return split;
}

std::vector<std::uint32_t> stratified_folds(std::span<const float> labels, std::uint32_t folds,
                                            std::uint64_t seed) {
  const Classes classes = shuffled_by_label(labels, seed);
  const std::size_t fewest = std::min(classes[0].size(), classes[1].size());
  if (folds < 2 || fewest < folds) {
    fail<DataError>(
        "{} folds of {} rows, {} in the smaller class: expected at least 2 folds and as "
        "many rows of each class",
        folds, labels.size(), fewest);
  }
  return deal_classes(classes, folds);
}

}  // namespace ebb::preprocessing

// Training rows shared out, so that a step can learn from some of them what it says of others.
#pragma once

#include <cstdint>
#include <vector>

#include "preprocessing/split/group_split.h"
#include "preprocessing/split/stratified_split.h"
#include "preprocessing/steps/step.h"

namespace ebb::preprocessing {

/// The fold of each training row: those of a group lie in one fold, as they have one customer's
/// labels. Throws DataError as stratified_folds and stratified_group_folds do.
inline std::vector<std::uint32_t> folds_of(const StepContext& context, std::uint32_t folds) {
  if (context.groups != nullptr)
    return stratified_group_folds(*context.groups, context.labels, folds, context.seed);
  return stratified_folds(context.labels, folds, context.seed);
}

}  // namespace ebb::preprocessing

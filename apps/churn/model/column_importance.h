// How important columns are to a logistic regression: what the elimination of columns goes by.
#pragma once

#include <cstdint>
#include <functional>

#include "preprocessing/selection/recursive_elimination.h"

namespace ebb::churn {

/// Permutation importance (Breiman 2001) on rows that the model has not seen: by how much the mean
/// log-loss rises when a column's values are dealt to other rows at random, by `seed`; the mean of
/// five deals and, as each fold of the sample is measured by a model of the other, of all rows. So
/// a column in which there is nothing to learn has about 0, or less, however many levels it has;
/// NaN has what can be no feature, as a constant or an identifier.
///
/// The columns are encoded once, as the pipeline does without further settings: numbers filled with
/// the median and scaled by quantile_normal, with indicators of missing values; categories by
/// level. The same bits for any number of threads. Cost: 400 times over rows * features for each
/// set of columns that is asked about, before each half of which `before_fit` is called, which may
/// end it by an exception. Throws DataError, when it is prepared, if no column can be a feature.
preprocessing::ImportanceModel logistic_importance(std::uint64_t seed,
                                                   std::function<void()> before_fit = {});

}  // namespace ebb::churn

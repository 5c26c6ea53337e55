// Recursive feature elimination (Guyon, Weston, Barnhill and Vapnik 2002).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/selection/selection.h"

namespace ebb::preprocessing {

/// Fits some model to the columns of these names and says how important each was to it: one number
/// per name, larger for more important; NaN of one that can be no feature, such as a constant.
using ImportanceFunction = std::function<std::vector<double>(std::span<const std::string>)>;

/// Training rows for a model that tells importances.
struct ImportanceSample {
  Table rows;                        ///< the columns that may be asked about, and no others
  std::vector<float> labels;         ///< 0 or 1
  std::vector<std::uint32_t> folds;  ///< 0 or 1: what is learned from one is measured on the other
};

/// Prepares an ImportanceFunction, which does not refer to the sample. Layers above this one have
/// the models.
using ImportanceModel = std::function<ImportanceFunction(const ImportanceSample&)>;

struct EliminationOptions {
  std::size_t keep = 1;
  /// Columns that go in each round, fewer in the last. One is the most careful, and costs as many
  /// fits as columns go.
  std::size_t per_round = 1;
};

/// Asks for importances and drops the least important columns, over and over, until `keep` are
/// left; of equal importances the later column goes (scikit-learn's RFE, which leaves ties to its
/// sort). What can be no feature goes first, beside others, with the score 0. A column's score is
/// the last importance that it had; where nothing has to go, one round is run for scores. Throws
/// DataError unless 1 <= keep and 1 <= per_round; Error when `importance` gives another number of
/// numbers.
Selection eliminate_recursively(std::span<const std::string> names,
                                const ImportanceFunction& importance,
                                const EliminationOptions& options);

}  // namespace ebb::preprocessing

// Sampled Shapley values: each column's fair share of a prediction.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "apps/churn/explanation/attributions.h"
#include "apps/churn/model/feature_columns.h"

namespace ebb::churn {

struct ShapleyOptions {
  std::size_t pairs = 4;  // of walks for each row, at least 2
  std::uint64_t seed = 0;
  std::function<void()> between;  // called now and then; may end the work by an exception
};

/// Interventional Shapley values (Lundberg and Lee 2017; Janzing et al. 2020) of the log-odds,
/// against background rows: a column that a coalition lacks has the value of a background row.
///
/// A walk turns a background row b into the row x column by column in a random order, and each
/// column gets the change that its turn makes (Castro et al. 2009). Walks come in pairs, an order
/// and its reverse (Mitchell et al. 2022). What a walk gives depends much on b, so b's own Shapley
/// values, whose mean over the background is 0, are added as a control variate: a model that is a
/// sum over columns gets its exact values from any single walk. The values of background rows come
/// from one pair of walks between every two of them.
///
/// So the values of a row sum to f(x) - mean f(background), but for rounding. Their standard errors
/// are those of the mean over pairs. A row's walks are drawn by the seed and its own values: equal
/// rows have equal explanations, wherever they stand.
class ShapleyExplainer {
 public:
  /// Throws Error on fewer than two pairs or background rows.
  ShapleyExplainer(LogitFunction logits, std::vector<FeatureColumn> columns,
                   preprocessing::EncodedRows background, ShapleyOptions options);

  /// Calls the function with at most 2 * pairs * (columns - 1) + 1 rows for each row. Throws
  /// DataError on a logit that is not finite, and Error if the values do not add up.
  Attributions explain(const preprocessing::EncodedRows& rows) const;

 private:
  struct Walks;

  /// Of each pair of walks the mean change that each column makes, [walks, columns].
  std::vector<double> contributions(std::span<const Walks> walks,
                                    const preprocessing::EncodedRows& targets,
                                    std::span<const float> target_logits) const;
  void explain_background();
  /// Draws the pairs of one row.
  void draw_walks(const preprocessing::EncodedRows& rows, std::size_t row,
                  std::vector<Walks>& walks) const;

  LogitFunction logits_;
  std::vector<FeatureColumn> columns_;
  preprocessing::EncodedRows background_;
  ShapleyOptions options_;
  std::vector<float> background_logits_;
  std::vector<double> background_values_;  // Shapley values, [background rows, columns]
  double base_ = 0.0;
};

}  // namespace ebb::churn

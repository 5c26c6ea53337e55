// How much worse a model gets without knowing a column: permutation importance.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "apps/churn/data/prepared_data.h"
#include "apps/churn/explanation/attributions.h"
#include "apps/churn/model/feature_columns.h"

namespace ebb::churn {

/// From this association on columns are dealt together, where the user does not say.
inline constexpr double kAssociation = 0.7;

/// Columns, by their places, that say much the same, in order of their first. Two columns belong
/// together if their association reaches `threshold`, or a chain of such pairs joins them (single
/// linkage): |Spearman's rho| of two numbers; else Cramér's V, corrected for chance, with numbers
/// cut into quantile bins.
std::vector<std::vector<std::size_t>> associated_groups(std::span<const FeatureColumn> columns,
                                                        const preprocessing::EncodedRows& rows,
                                                        double threshold);

/// The names of a group's columns: "age + tenure".
std::string names_of(std::span<const FeatureColumn> columns, std::span<const std::size_t> group);

struct ImportanceOptions {
  std::size_t deals = 5;  // at least 2
  std::uint64_t seed = 0;
  std::function<void()> between;  // called before each deal; may end the work by an exception
};

/// Means over deals, and their standard errors.
struct GroupImportance {
  std::vector<std::size_t> columns;
  double log_loss_rise = 0.0;
  double log_loss_error = 0.0;
  double auc_fall = 0.0;  // NaN where rows have one class only
  double auc_error = 0.0;
};

/// Permutation importance (Breiman 2001) of each group: by how much the mean log-loss of the rows
/// rises, and ROC-AUC falls, when the values of its columns, together, are dealt to other rows.
/// Columns that carry the same are to be in one group: dealt alone, each would seem to say nothing
/// while the model reads it off the other. Throws Error on fewer than two deals.
std::vector<GroupImportance> permutation_importance(
    const LogitFunction& logits, std::span<const FeatureColumn> columns,
    std::span<const std::vector<std::size_t>> groups, const LabelledRows& rows,
    const ImportanceOptions& options);

}  // namespace ebb::churn

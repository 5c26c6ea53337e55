// The rounds of a cross-validation: which rows train, choose and measure in each.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "apps/churn/data/labelled_customers.h"
#include "preprocessing/split/split.h"

namespace ebb::churn {

enum class FoldKind {
  stratified,  ///< at random, each class shared out evenly
  random,      ///< at random
  group,       ///< by groups of split.group, each class as even as they allow
  time,        ///< in the order of split.time: a round measures rows later than all that it knows
};
inline constexpr std::array kFoldKinds = {FoldKind::stratified, FoldKind::random, FoldKind::group,
                                          FoldKind::time};

/// "stratified", "random", "group", "time".
std::string_view to_string(FoldKind kind);
/// The inverse; DataError, listing the names, for any other text.
FoldKind parse_fold_kind(std::string_view name);

/// By time where split.time is set, by group where split.group is, else stratified.
FoldKind natural_fold_kind(const SplitConfig& split);

struct FoldOptions {
  FoldKind kind = FoldKind::stratified;
  std::uint32_t folds = 5;
  std::uint32_t repeats = 1;  ///< with other folds and other seeds; 1 by time
};

/// One round.
struct FoldRows {
  std::uint32_t repeat = 0;
  std::uint32_t fold = 0;
  preprocessing::Split rows;  ///< test rows are those that it measures
};

/// All rounds, by repeat, then fold. Of the rows that a round does not measure,
/// split.validation_fraction choose its epoch and threshold, split off in the same way: by label,
/// by group, or the latest. Folds and validation rows of repeat r are drawn by the seed
/// training.seed + r. Throws DataError for kinds that lack their column, repeats by time, and as
/// the ways to split do: for more folds than rows, groups or times, and a round whose training rows
/// lack a class.
std::vector<FoldRows> plan_folds(const LabelledCustomers& customers, const RunConfig& config,
                                 const FoldOptions& options);

}  // namespace ebb::churn

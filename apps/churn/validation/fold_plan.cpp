#include "apps/churn/validation/fold_plan.h"

#include <algorithm>

#include "kernels/common/error.h"
#include "preprocessing/split/group_split.h"
#include "preprocessing/split/random_split.h"
#include "preprocessing/split/row_times.h"
#include "preprocessing/split/stratified_split.h"
#include "preprocessing/split/time_split.h"

namespace ebb::churn {
namespace {

using preprocessing::Fold;
using preprocessing::Groups;
using preprocessing::Split;

/// values[row] of the given rows.
template <class T>
std::vector<T> pick_values(std::span<const T> values, std::span<const std::size_t> rows) {
  std::vector<T> picked;
  picked.reserve(rows.size());
  for (const std::size_t row : rows) picked.push_back(values[row]);
  return picked;
}

/// The groups of some rows, numbered anew.
Groups groups_of(const Groups& groups, std::span<const std::size_t> rows) {
  std::vector<std::uint32_t> number(groups.count, UINT32_MAX);
  Groups found;
  for (const std::size_t row : rows) {
    std::uint32_t& code = number[groups.of_row[row]];
    if (code == UINT32_MAX) code = static_cast<std::uint32_t>(found.count++);
    found.of_row.push_back(code);
  }
  return found;
}

/// What the ways to split look at.
class FoldPlanner {
 public:
  FoldPlanner(const LabelledCustomers& customers, const RunConfig& config,
              const FoldOptions& options)
      : options_(options),
        fraction_(config.split.validation_fraction),
        seed_(config.training.seed),
        labels_(customers.labels.values) {
    if (options.kind == FoldKind::group) {
      if (config.split.group.empty()) fail<DataError>("folds by group need split.group, a column");
      groups_ = group_rows(customers.table, config.split.group);
    }
    if (options.kind == FoldKind::time) {
      if (config.split.time.empty()) fail<DataError>("folds by time need split.time, a column");
      times_ = preprocessing::time_ranks(customers.table, config.split.time);
    }
  }

  [[nodiscard]] std::vector<Fold> folds(std::uint32_t repeat) const {
    if (options_.kind == FoldKind::time) return preprocessing::time_folds(times_, options_.folds);
    const std::vector<std::uint32_t> fold_of_row = assign(seed_ + repeat);
    std::vector<Fold> folds;
    for (std::uint32_t fold = 0; fold < options_.folds; ++fold) {
      folds.push_back(preprocessing::fold_rows(fold_of_row, fold));
    }
    return folds;
  }

  /// The fold's training rows, of which some validate.
  [[nodiscard]] Split split(const Fold& fold, std::uint32_t repeat) const {
    const std::vector<float> labels = pick_values<float>(labels_, fold.train);
    Split inside = split_inside(fold.train, labels, seed_ + repeat);
    check_split(inside, labels, true);
    return {pick_values<std::size_t>(fold.train, inside.train),
            pick_values<std::size_t>(fold.train, inside.validation), fold.test};
  }

 private:
  [[nodiscard]] std::vector<std::uint32_t> assign(std::uint64_t seed) const {
    switch (options_.kind) {
      case FoldKind::random:
        return preprocessing::random_folds(labels_.size(), options_.folds, seed);
      case FoldKind::group:
        return preprocessing::stratified_group_folds(groups_, labels_, options_.folds, seed);
      default:
        return preprocessing::stratified_folds(labels_, options_.folds, seed);
    }
  }

  [[nodiscard]] Split split_inside(std::span<const std::size_t> rows, std::span<const float> labels,
                                   std::uint64_t seed) const {
    const preprocessing::SplitOptions wanted{
        .validation_fraction = fraction_, .test_fraction = 0.0, .seed = seed};
    switch (options_.kind) {
      case FoldKind::random:
        return preprocessing::random_split(rows.size(), wanted);
      case FoldKind::group:
        return preprocessing::group_split(groups_of(groups_, rows), labels, wanted);
      case FoldKind::time:
        return preprocessing::time_split(pick_values<std::int64_t>(times_, rows),
                                         {.validation_fraction = fraction_, .test_fraction = 0.0});
      case FoldKind::stratified:
        return preprocessing::stratified_split(labels, wanted);
    }
    fail("unknown kind of folds {}", static_cast<int>(options_.kind));
  }

  FoldOptions options_;
  double fraction_;
  std::uint64_t seed_;
  std::span<const float> labels_;
  Groups groups_;
  std::vector<std::int64_t> times_;
};

}  // namespace

std::string_view to_string(FoldKind kind) {
  switch (kind) {
    case FoldKind::stratified:
      return "stratified";
    case FoldKind::random:
      return "random";
    case FoldKind::group:
      return "group";
    case FoldKind::time:
      return "time";
  }
  fail("unknown kind of folds {}", static_cast<int>(kind));
}

FoldKind parse_fold_kind(std::string_view name) {
  for (const FoldKind kind : kFoldKinds) {
    if (name == to_string(kind)) return kind;
  }
  fail<DataError>("folds \"{}\"; expected stratified, random, group or time", name);
}

FoldKind natural_fold_kind(const SplitConfig& split) {
  if (!split.time.empty()) return FoldKind::time;
  return split.group.empty() ? FoldKind::stratified : FoldKind::group;
}

std::vector<FoldRows> plan_folds(const LabelledCustomers& customers, const RunConfig& config,
                                 const FoldOptions& options) {
  if (options.repeats < 1) fail<DataError>("0 repeats; expected at least 1");
  if (options.kind == FoldKind::time && options.repeats > 1) {
    fail<DataError>("{} repeats by time, whose folds are always the same; expected 1",
                    options.repeats);
  }
  const FoldPlanner planner(customers, config, options);
  std::vector<FoldRows> rounds;
  for (std::uint32_t repeat = 0; repeat < options.repeats; ++repeat) {
    std::uint32_t number = 0;
    for (const Fold& fold : planner.folds(repeat)) {
      rounds.push_back({repeat, number++, planner.split(fold, repeat)});
    }
  }
  return rounds;
}

}  // namespace ebb::churn

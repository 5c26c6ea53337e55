#include "preprocessing/split/group_split.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "kernels/common/error.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/split/random_order.h"

namespace ebb::preprocessing {
namespace {

/// Rows of each class; one class alone uses the first.
using Counts = std::array<std::size_t, 2>;
using Shares = std::array<double, 2>;

struct CountedGroups {
  std::vector<Counts> of_group;
  Counts all{};

  Shares shares(const Counts& counts) const {
    Shares result{};
    for (std::size_t c = 0; c < result.size(); ++c) {
      if (all[c] == 0) continue;
      result[c] = static_cast<double>(counts[c]) / static_cast<double>(all[c]);
    }
    return result;
  }
};

template <class ClassOf>
CountedGroups count_rows(const Groups& groups, ClassOf class_of) {
  CountedGroups counted{std::vector<Counts>(groups.count), {}};
  for (std::size_t row = 0; row < groups.of_row.size(); ++row) {
    const std::size_t c = class_of(row);
    ++counted.of_group[groups.of_row[row]][c];
    ++counted.all[c];
  }
  return counted;
}

CountedGroups count_classes(const Groups& groups, std::span<const float> labels) {
  return count_rows(groups, [&](std::size_t row) -> std::size_t { return labels[row] > 0.5F; });
}

/// By falling size, groups of equal size in random order.
std::vector<std::uint32_t> order_groups(const CountedGroups& groups, std::uint64_t seed) {
  std::vector<std::uint32_t> order(groups.of_group.size());
  std::iota(order.begin(), order.end(), 0U);
  SplitMix64 generator(seed);
  shuffle(std::span(order), generator);
  std::vector<std::uint32_t> place(order.size());
  std::vector<double> sizes(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    const Shares shares = groups.shares(groups.of_group[order[i]]);
    place[order[i]] = i;
    sizes[order[i]] = shares[0] + shares[1];
  }
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : place[a] < place[b];
  });
  return order;
}

/// A part that is being filled.
struct Part {
  double target = 0.0;  // share of each class
  Counts rows{};
  bool is_empty = true;

  std::size_t size() const { return rows[0] + rows[1]; }

  /// What a group of `shares` adds to the distance between shares and target.
  double cost(const Shares& shares, const CountedGroups& groups) const {
    const Shares held = groups.shares(rows);
    double cost = 0.0;
    for (std::size_t c = 0; c < shares.size(); ++c) {
      cost += shares[c] * (2.0 * (held[c] - target) + shares[c]);
    }
    return cost / target;
  }
};

/// The part of each group.
std::vector<std::uint32_t> assign(const CountedGroups& groups, std::span<const double> targets,
                                  std::uint64_t seed) {
  std::vector<Part> parts;
  for (const double target : targets) parts.push_back({target, {}, true});
  std::vector<std::uint32_t> part_of_group(groups.of_group.size());
  std::size_t groups_left = groups.of_group.size();
  std::size_t empty_parts = parts.size();
  for (const std::uint32_t group : order_groups(groups, seed)) {
    const Shares shares = groups.shares(groups.of_group[group]);
    const bool must_fill = groups_left == empty_parts;
    Part* best = nullptr;
    double best_cost = 0.0;
    for (Part& part : parts) {
      if (must_fill && !part.is_empty) continue;
      const double cost = part.cost(shares, groups);
      if (best == nullptr || cost < best_cost ||
          (cost == best_cost && part.size() < best->size())) {
        best = &part;
        best_cost = cost;
      }
    }
    part_of_group[group] = static_cast<std::uint32_t>(best - parts.data());
    for (std::size_t c = 0; c < shares.size(); ++c) best->rows[c] += groups.of_group[group][c];
    empty_parts -= best->is_empty ? 1 : 0;
    best->is_empty = false;
    --groups_left;
  }
  return part_of_group;
}

std::vector<std::uint32_t> assign_folds(const Groups& groups, const CountedGroups& counted,
                                        std::uint32_t folds, std::uint64_t seed) {
  const std::vector<double> targets(folds, 1.0 / folds);
  const std::vector<std::uint32_t> fold_of_group = assign(counted, targets, seed);
  std::vector<std::uint32_t> fold_of_row;
  fold_of_row.reserve(groups.of_row.size());
  for (const std::uint32_t group : groups.of_row) fold_of_row.push_back(fold_of_group[group]);
  return fold_of_row;
}

}  // namespace

Split group_split(const Groups& groups, std::span<const float> labels,
                  const SplitOptions& options) {
  check_fractions(options.validation_fraction, options.test_fraction);
  Split split;
  std::vector<std::vector<std::size_t>*> parts = {&split.train};
  std::vector<double> targets = {1.0 - (options.validation_fraction + options.test_fraction)};
  if (options.validation_fraction > 0.0) {
    parts.push_back(&split.validation);
    targets.push_back(options.validation_fraction);
  }
  if (options.test_fraction > 0.0) {
    parts.push_back(&split.test);
    targets.push_back(options.test_fraction);
  }
  if (groups.count < parts.size()) {
    fail<DataError>("{} cannot be split into {} parts: expected one for each at least",
                    counted(groups.count, "group"), parts.size());
  }
  const std::vector<std::uint32_t> part_of_group =
      assign(count_classes(groups, labels), targets, options.seed);
  for (std::size_t row = 0; row < groups.of_row.size(); ++row) {
    parts[part_of_group[groups.of_row[row]]]->push_back(row);
  }
  check_split(split, labels, options.validation_fraction > 0.0);
  return split;
}

std::vector<std::uint32_t> group_folds(const Groups& groups, std::uint32_t folds,
                                       std::uint64_t seed) {
  if (folds < 2 || groups.count < folds) {
    fail<DataError>("{} folds of {} groups: expected at least 2 folds and a group for each", folds,
                    groups.count);
  }
  const CountedGroups counted =
      count_rows(groups, [](std::size_t /*row*/) -> std::size_t { return 0; });
  return assign_folds(groups, counted, folds, seed);
}

std::vector<std::uint32_t> stratified_group_folds(const Groups& groups,
                                                  std::span<const float> labels,
                                                  std::uint32_t folds, std::uint64_t seed) {
  const CountedGroups counted = count_classes(groups, labels);
  Counts with_class{};
  for (const Counts& counts : counted.of_group) {
    for (std::size_t c = 0; c < counts.size(); ++c) with_class[c] += counts[c] > 0 ? 1 : 0;
  }
  const std::size_t fewest = std::min(with_class[0], with_class[1]);
  if (folds < 2 || fewest < folds) {
    fail<DataError>(
        "{} folds of {} groups, of which {} hold a row of the rarer class: expected at least 2 "
        "folds and as many groups with rows of each class",
        folds, groups.count, fewest);
  }
  return assign_folds(groups, counted, folds, seed);
}

}  // namespace ebb::preprocessing

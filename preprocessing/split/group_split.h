// Rows of one group stay together: a customer with several rows is never both trained and tested
// on.
//
// The rule of all functions here is greedy. Groups are shuffled by the seed, then taken in falling
// order of size, where a group's size is the sum over the classes c of s_c, its share of the rows
// of c, so that what is large or holds rare labels is placed while there is room. Each goes to the
// part f, wanted to hold the share t_f of every class and holding n_fc of it so far, in which it
// adds least to the chi-square distance sum_fc (n_fc - t_f)^2 / t_f, that is, the least
//     sum_c s_c (2 (n_fc - t_f) + s_c) / t_f,
// of equal ones to the part of fewer rows, then to the earlier one. No part stays empty: the last
// groups go to parts that have none. With equal t_f and one class this is the longest-first rule
// (Graham 1969) of scikit-learn's GroupKFold, with the same fold sizes; with two classes it follows
// StratifiedGroupKFold, which measures standard deviations of shares instead. Dividing by t_f keeps
// large groups from all going to the largest part.
//
// Cost: a sort of the groups, and groups * parts.
#pragma once

#include "preprocessing/split/split.h"

namespace ebb::preprocessing {

/// The group of each row: a code in [0, count), each of which occurs.
struct Groups {
  std::vector<std::uint32_t> of_row;
  std::size_t count = 0;
};

/// Rows with equal values of a column of any kind are a group. Throws DataError that names the line
/// of a missing value.
Groups group_rows(const Table& table, std::string_view column);

/// A random split that divides no group, stratified as well as the groups allow. `labels`: 0 or 1
/// per row. Throws DataError for fractions out of range or that leave no training rows, for fewer
/// groups than parts that were asked for, and if the training rows lack a class.
Split group_split(const Groups& groups, std::span<const float> labels, const SplitOptions& options);

/// The fold in [0, folds) of each row, for cross-validation: folds of nearly equal size that divide
/// no group. Throws DataError unless 2 <= folds <= groups.
std::vector<std::uint32_t> group_folds(const Groups& groups, std::uint32_t folds,
                                       std::uint64_t seed);

/// As group_folds, each class shared out evenly as well as the groups allow. Throws DataError
/// unless 2 <= folds and each class occurs in as many groups.
std::vector<std::uint32_t> stratified_group_folds(const Groups& groups,
                                                  std::span<const float> labels,
                                                  std::uint32_t folds, std::uint64_t seed);

}  // namespace ebb::preprocessing

// How much each column tells about the label, and the columns that tell most.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "preprocessing/selection/selection.h"

namespace ebb::preprocessing {

/// A score in [0, 1], or nats. Numbers and categories have a score under each:
enum class Relation {
  /// |r| of numbers (correlation.h). A category has Cramér's V, with the bias correction, which
  /// for two levels and many rows is the |r| of one level's 0/1 column.
  pearson,
  /// |rho| of numbers, Cramér's V of categories.
  spearman,
  /// Cramér's V with the bias correction (contingency.h); numbers in quantile bins.
  cramers_v,
  /// mutual_information.h; numbers in quantile bins.
  mutual_information,
};

/// Names as in configuration files; parse throws DataError that lists them.
std::string_view relation_name(Relation relation);
Relation parse_relation(std::string_view name);

/// The score of each named column; 0 where it is not defined (a constant column). Missing values
/// are left out under pearson and spearman of numbers, and else are a level of their own. `labels`:
/// 0 or 1 per row. Cost: pearson one reading of the numbers, the others linear too, with a radix
/// sort for each number. Throws DataError on unknown names, Error on labels of another length.
std::vector<double> relations_to_label(const Table& table, std::span<const std::string> names,
                                       std::span<const float> labels, Relation relation);

struct RelationOptions {
  Relation relation = Relation::pearson;
  std::optional<std::size_t> most;  ///< columns to keep; empty: all that reach `least`
  double least = 0.0;               ///< a score below it goes
};

/// Keeps the columns that are most related to the label; of equal scores the earlier one.
Selection select_related(const Table& table, std::span<const std::string> names,
                         std::span<const float> labels, const RelationOptions& options);

/// Drops numbers that are nearly a linear map of a kept one: greedily, from the most related to
/// the label (pearson) to the least, a number goes if its |r| with a kept one exceeds `limit` in
/// [0, 1]. Categories stay. The score is the relation to the label. Cost p^2 / 2 products a row.
Selection select_uncorrelated(const Table& table, std::span<const std::string> names,
                              std::span<const float> labels, double limit);

}  // namespace ebb::preprocessing

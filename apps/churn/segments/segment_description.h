// What sets the customers of a segment apart from all others.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/churn/decision/risk_band.h"
#include "apps/churn/explanation/reasons.h"
#include "apps/churn/segments/segmentation.h"
#include "preprocessing/table/table.h"

namespace ebb::churn {

/// A share of some customers, with its 95 % interval.
struct ShareEstimate {
  double share = 0.0;
  double low = 0.0;
  double high = 0.0;
};

/// The interval of E. Wilson, "Probable inference, the law of succession, and statistical
/// inference", 1927, for `hits` of `count` >= 1.
ShareEstimate wilson_interval(std::size_t hits, std::size_t count);

/// A column, or a level of one, in which a segment differs from the rest.
struct SegmentFactor {
  std::string column;
  std::optional<std::string> level;  ///< of a category; its values are then 0 and 1
  double inside = 0.0;               ///< mean of the segment's values; the level's share
  double outside = 0.0;              ///< of all other customers
  double difference = 0.0;           ///< (inside - outside) / standard deviation of all values
  /// How many times as frequent the level is inside; infinite where it does not occur outside.
  [[nodiscard]] double lift() const { return inside / outside; }
};

struct SegmentDescription {
  std::size_t number = 0;  ///< from 1
  std::string name;
  std::size_t customers = 0;
  double share = 0.0;                       ///< of all customers
  double mean_probability = 0.0;            ///< of leaving, by the model
  std::optional<ShareEstimate> churn_rate;  ///< where there are labels
  std::vector<SegmentFactor> factors;       ///< by falling |difference|
};

struct SegmentedCustomers {
  const preprocessing::Table& columns;   ///< numbers and categories to look for factors in
  std::span<const float> probabilities;  ///< of leaving
  std::span<const float> labels;         ///< 1: has left; empty: unknown
};

/// Of each segment that has customers, in order, the `most_factors` strongest factors at most, one
/// of a column. Missing values count in neither mean. A category's level counts as a column of 0
/// and 1, so that numbers and categories compare. Throws Error on unequal lengths.
std::vector<SegmentDescription> describe_segments(const Segmentation& segments,
                                                  const SegmentedCustomers& customers,
                                                  std::size_t most_factors);

/// "high orders, plan = basic": in words, the first `most` factors.
std::string factors_in_words(std::span<const SegmentFactor> factors, std::size_t most,
                             Language language);

/// "high risk: low orders, plan = basic".
std::string segment_name(RiskBand risk, std::span<const SegmentFactor> factors, Language language);

}  // namespace ebb::churn

#include "apps/churn/segments/segment_description.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"

namespace ebb::churn {
namespace {

/// Of the values of one column, or of one level of it, in one segment.
struct ValueSums {
  double count = 0.0;
  double sum = 0.0;
  double squares = 0.0;  // of distances from an origin near the values

  void add(double value) {
    ++count;
    sum += value;
    squares += value * value;
  }
};

/// What a segment and the rest differ in; none where a side has no values, or all are equal.
std::optional<SegmentFactor> compare(const ValueSums& inside, const ValueSums& all, double origin) {
  const double outside_count = all.count - inside.count;
  if (inside.count == 0.0 || outside_count == 0.0) return std::nullopt;
  const double mean = all.sum / all.count;
  const double variance = all.squares / all.count - mean * mean;
  // What is left of rounding is no difference.
  if (!(variance > 1e-14 * all.squares / all.count)) return std::nullopt;
  SegmentFactor factor;
  factor.inside = inside.sum / inside.count;
  factor.outside = (all.sum - inside.sum) / outside_count;
  factor.difference = (factor.inside - factor.outside) / std::sqrt(variance);
  factor.inside += origin;
  factor.outside += origin;
  return factor;
}

/// Of each segment, the factor that a number column is.
std::vector<std::optional<SegmentFactor>> number_factors(const preprocessing::Column& column,
                                                         const Segmentation& segments) {
  const auto first = std::ranges::find_if(column.numbers, [](double v) { return !std::isnan(v); });
  const double origin = first == column.numbers.end() ? 0.0 : *first;
  std::vector<ValueSums> sums(segments.names.size());
  ValueSums all;
  for (std::size_t row = 0; row < column.numbers.size(); ++row) {
    if (std::isnan(column.numbers[row])) continue;
    sums[segments.of_row[row]].add(column.numbers[row] - origin);
    all.add(column.numbers[row] - origin);
  }
  std::vector<std::optional<SegmentFactor>> factors;
  for (const ValueSums& inside : sums) {
    factors.push_back(compare(inside, all, origin));
    if (factors.back()) factors.back()->column = column.name;
  }
  return factors;
}

/// The same of a category: its level that differs most, the first of equal ones.
std::vector<std::optional<SegmentFactor>> category_factors(const preprocessing::Column& column,
                                                           const Segmentation& segments) {
  const std::size_t levels = column.levels.size();
  std::vector<std::vector<double>> counts(segments.names.size(), std::vector<double>(levels));
  std::vector<double> of_level(levels);
  double rows = 0.0;
  for (std::size_t row = 0; row < column.codes.size(); ++row) {
    if (column.is_missing(row)) continue;
    const auto code = static_cast<std::size_t>(column.codes[row]);
    ++counts[segments.of_row[row]][code];
    ++of_level[code];
    ++rows;
  }
  std::vector<std::optional<SegmentFactor>> factors(segments.names.size());
  for (std::size_t segment = 0; segment < factors.size(); ++segment) {
    double inside = 0.0;
    for (const double count : counts[segment]) inside += count;
    for (std::size_t level = 0; level < levels; ++level) {
      const double count = counts[segment][level];
      std::optional<SegmentFactor> factor =
          compare({inside, count, count}, {rows, of_level[level], of_level[level]}, 0.0);
      if (!factor) continue;
      std::optional<SegmentFactor>& best = factors[segment];
      if (best && std::abs(factor->difference) <= std::abs(best->difference)) continue;
      best = std::move(factor);
      best->column = column.name;
      best->level = column.levels[level];
    }
  }
  return factors;
}

void keep_strongest(std::vector<SegmentFactor>& factors, std::size_t most) {
  std::ranges::stable_sort(factors, [](const SegmentFactor& a, const SegmentFactor& b) {
    return std::abs(a.difference) > std::abs(b.difference);
  });
  factors.resize(std::min(factors.size(), most));
}

}  // namespace

ShareEstimate wilson_interval(std::size_t hits, std::size_t count) {
  constexpr double kZ = 1.959963984540054;  // the normal distribution's quantile of 0.975
  const auto n = static_cast<double>(count);
  const double share = static_cast<double>(hits) / n;
  const double scale = 1.0 + kZ * kZ / n;
  const double middle = (share + kZ * kZ / (2.0 * n)) / scale;
  const double half = kZ / scale * std::sqrt(share * (1.0 - share) / n + kZ * kZ / (4.0 * n * n));
  return {share, std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

std::vector<SegmentDescription> describe_segments(const Segmentation& segments,
                                                  const SegmentedCustomers& customers,
                                                  std::size_t most_factors) {
  const std::size_t rows = segments.of_row.size();
  const std::vector<preprocessing::Column>& columns = customers.columns.columns();
  if (customers.probabilities.size() != rows ||
      (!columns.empty() && customers.columns.rows() != rows) ||
      (!customers.labels.empty() && customers.labels.size() != rows)) {
    fail("describe_segments: {} rows in segments, {} probabilities, {} rows of columns, {} labels",
         rows, customers.probabilities.size(), customers.columns.rows(), customers.labels.size());
  }
  std::vector<std::vector<std::optional<SegmentFactor>>> factors(columns.size());
  preprocessing::parallel_for(columns.size(), rows, [&](std::size_t i) {
    if (columns[i].is_number()) {
      factors[i] = number_factors(columns[i], segments);
    } else if (!columns[i].has_integers()) {
      factors[i] = category_factors(columns[i], segments);
    }
  });
  const std::vector<std::size_t> sizes = segments.sizes();
  std::vector<double> sums(sizes.size());
  std::vector<std::size_t> leavers(sizes.size());
  for (std::size_t row = 0; row < rows; ++row) {
    sums[segments.of_row[row]] += static_cast<double>(customers.probabilities[row]);
    if (!customers.labels.empty() && customers.labels[row] == 1.0F) ++leavers[segments.of_row[row]];
  }
  std::vector<SegmentDescription> descriptions;
  for (std::size_t segment = 0; segment < sizes.size(); ++segment) {
    if (sizes[segment] == 0) continue;
    SegmentDescription description;
    description.number = segment + 1;
    description.name = segments.names[segment];
    description.customers = sizes[segment];
    description.share = static_cast<double>(sizes[segment]) / static_cast<double>(rows);
    description.mean_probability = sums[segment] / static_cast<double>(sizes[segment]);
    if (!customers.labels.empty()) {
      description.churn_rate = wilson_interval(leavers[segment], sizes[segment]);
    }
    for (const auto& of_column : factors) {
      if (!of_column.empty() && of_column[segment] && of_column[segment]->difference != 0.0) {
        description.factors.push_back(*of_column[segment]);
      }
    }
    keep_strongest(description.factors, most_factors);
    descriptions.push_back(std::move(description));
  }
  return descriptions;
}

std::string factors_in_words(std::span<const SegmentFactor> factors, std::size_t most,
                             Language language) {
  const bool is_chinese = language == Language::chinese;
  std::string words;
  for (const SegmentFactor& factor : factors.first(std::min(most, factors.size()))) {
    if (!words.empty()) words += is_chinese ? "，" : ", ";
    const bool is_more = factor.difference > 0.0;
    if (factor.level) {
      const char* phrase = is_chinese ? (is_more ? "{} 多为 {}" : "{} 少为 {}")
                                      : (is_more ? "more {} = {}" : "less {} = {}");
      words += fmt::format(fmt::runtime(phrase), factor.column, *factor.level);
    } else {
      const char* phrase =
          is_chinese ? (is_more ? "{} 偏高" : "{} 偏低") : (is_more ? "high {}" : "low {}");
      words += fmt::format(fmt::runtime(phrase), factor.column);
    }
  }
  return words;
}

std::string segment_name(RiskBand risk, std::span<const SegmentFactor> factors, Language language) {
  constexpr std::array<std::array<const char*, 3>, 2> kRisks = {
      {{"low risk", "medium risk", "high risk"}, {"低风险", "中风险", "高风险"}}};
  constexpr std::array<const char*, 2> kColons = {": ", "："};
  const auto place = static_cast<std::size_t>(language);
  const std::string words = factors_in_words(factors, 2, language);
  const std::string name = kRisks[place][static_cast<std::size_t>(risk)];
  return words.empty() ? name : name + kColons[place] + words;
}

}  // namespace ebb::churn

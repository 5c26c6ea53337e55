#include "apps/churn/fusion/diversity.h"

#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/churn/metrics/confusion_matrix.h"
#include "apps/churn/reporting/text_table.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// Rows by whether the first and the second member are right.
struct RightTogether {
  double both = 0;
  double neither = 0;
  double first = 0;
  double second = 0;
};

RightTogether count_right(const MemberScores& scores, std::span<const double> thresholds,
                          std::span<const float> labels, std::size_t a, std::size_t b) {
  RightTogether counts;
  const auto is_right = [&](std::size_t member, std::size_t row) {
    return is_flagged(scores[member][row], thresholds[member]) == (labels[row] == 1.0F);
  };
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const bool first = is_right(a, row);
    const bool second = is_right(b, row);
    ++(first && second ? counts.both
       : first         ? counts.first
       : second        ? counts.second
                       : counts.neither);
  }
  return counts;
}

double q_statistic_of(const RightTogether& counts) {
  const double alike = counts.both * counts.neither;
  const double unlike = counts.first * counts.second;
  return alike + unlike > 0 ? (alike - unlike) / (alike + unlike) : kUndefined;
}

double error_correlation_of(std::span<const float> first, std::span<const float> second,
                            std::span<const float> labels) {
  const auto rows = static_cast<double>(labels.size());
  double first_mean = 0;
  double second_mean = 0;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    first_mean += (double{labels[row]} - double{first[row]}) / rows;
    second_mean += (double{labels[row]} - double{second[row]}) / rows;
  }
  double first_square = 0;
  double second_square = 0;
  double product = 0;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const double a = double{labels[row]} - double{first[row]} - first_mean;
    const double b = double{labels[row]} - double{second[row]} - second_mean;
    first_square += a * a;
    second_square += b * b;
    product += a * b;
  }
  const double scale = std::sqrt(first_square) * std::sqrt(second_square);
  return scale > 0 ? product / scale : kUndefined;
}

AmbiguityDecomposition decompose(const MemberScores& scores, std::span<const double> weights,
                                 std::span<const float> labels) {
  AmbiguityDecomposition sums;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const double label = labels[row];
    double mean = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) mean += weights[i] * double{scores[i][row]};
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double p = scores[i][row];
      sums.members += weights[i] * (p - label) * (p - label);
      sums.ambiguity += weights[i] * (p - mean) * (p - mean);
    }
    sums.ensemble += (mean - label) * (mean - label);
  }
  const auto rows = static_cast<double>(labels.size());
  return {sums.members / rows, sums.ambiguity / rows, sums.ensemble / rows};
}

nlohmann::ordered_json number_or_null(double value) {
  return std::isnan(value) ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(value);
}

struct NamedPairFigure {
  const char* name;
  double PairDiversity::*value;
};
constexpr std::array<NamedPairFigure, 3> kPairFigures = {
    {{"disagreement", &PairDiversity::disagreement},
     {"q_statistic", &PairDiversity::q_statistic},
     {"error_correlation", &PairDiversity::error_correlation}}};

}  // namespace

double Diversity::mean(double PairDiversity::*figure) const {
  double sum = 0;
  double count = 0;
  for (const PairDiversity& pair : pairs) {
    if (std::isnan(pair.*figure)) continue;
    sum += pair.*figure;
    ++count;
  }
  return count > 0 ? sum / count : kUndefined;
}

Diversity measure_diversity(const MemberScores& scores, std::span<const double> thresholds,
                            std::span<const double> weights, std::span<const float> labels) {
  if (scores.empty() || labels.empty() || thresholds.size() != scores.size() ||
      weights.size() != scores.size()) {
    fail("diversity of {} members, {} thresholds, {} weights and {} rows", scores.size(),
         thresholds.size(), weights.size(), labels.size());
  }
  for (const std::vector<float>& of_member : scores) {
    if (of_member.size() == labels.size()) continue;
    fail("diversity: {} scores of a member for {} rows", of_member.size(), labels.size());
  }
  Diversity diversity;
  for (std::size_t a = 0; a < scores.size(); ++a) {
    for (std::size_t b = a + 1; b < scores.size(); ++b) {
      const RightTogether counts = count_right(scores, thresholds, labels, a, b);
      // Who is right where the other is wrong decides otherwise, as there are two classes.
      const double differing = counts.first + counts.second;
      diversity.pairs.push_back(
          {.first = a,
           .second = b,
           .disagreement = differing / static_cast<double>(labels.size()),
           .q_statistic = q_statistic_of(counts),
           .error_correlation = error_correlation_of(scores[a], scores[b], labels)});
    }
  }
  diversity.brier = decompose(scores, weights, labels);
  return diversity;
}

nlohmann::ordered_json to_json(const Diversity& diversity) {
  nlohmann::ordered_json json = {{"pairs", nlohmann::ordered_json::array()}};
  for (const PairDiversity& pair : diversity.pairs) {
    nlohmann::ordered_json item = {{"members", {pair.first, pair.second}}};
    for (const auto& [name, value] : kPairFigures) item[name] = number_or_null(pair.*value);
    json["pairs"].push_back(std::move(item));
  }
  for (const auto& [name, value] : kPairFigures) json[name] = number_or_null(diversity.mean(value));
  json["brier"] = {{"members", diversity.brier.members},
                   {"ambiguity", diversity.brier.ambiguity},
                   {"ensemble", diversity.brier.ensemble}};
  return json;
}

std::string diversity_text(const Diversity& diversity) {
  return fmt::format(
      "disagreement {} of rows, Q statistic {}, correlation of errors {}: means over pairs\n"
      "brier of the mean {} = {} of members - ambiguity {}\n",
      format_metric(diversity.mean(&PairDiversity::disagreement)),
      format_metric(diversity.mean(&PairDiversity::q_statistic)),
      format_metric(diversity.mean(&PairDiversity::error_correlation)),
      format_metric(diversity.brier.ensemble), format_metric(diversity.brier.members),
      format_metric(diversity.brier.ambiguity));
}

}  // namespace ebb::churn

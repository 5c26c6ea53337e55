#include "apps/churn/segments/rfm_classes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/common/error.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::churn {
namespace {

enum RfmClass : std::uint8_t {
  champions,
  loyal,
  potential_loyalists,
  new_customers,
  promising,
  needs_attention,
  about_to_sleep,
  at_risk,
  cannot_lose,
  hibernating,
  unknown_rfm,
};

// By recency score 1 to 5, then by the mean of frequency and monetary scores.
constexpr std::array<std::array<RfmClass, 5>, 5> kGrid = {{
    {hibernating, hibernating, at_risk, at_risk, cannot_lose},
    {hibernating, hibernating, at_risk, at_risk, cannot_lose},
    {about_to_sleep, about_to_sleep, needs_attention, loyal, loyal},
    {promising, potential_loyalists, potential_loyalists, loyal, loyal},
    {new_customers, potential_loyalists, potential_loyalists, champions, champions},
}};

std::vector<std::string> rfm_names(Language language) {
  if (language == Language::chinese) {
    return {"冠军客户", "忠诚客户",   "潜在忠诚客户", "新客户",   "有潜力的客户", "需要关注",
            "即将沉睡", "有流失风险", "不可失去",     "沉睡客户", "数据缺失"};
  }
  return {"champions",        "loyal customers",   "potential loyalists", "new customers",
          "promising",        "needing attention", "about to sleep",      "at risk",
          "cannot lose them", "hibernating",       "values missing"};
}

}  // namespace

std::vector<int> quintile_scores(std::span<const double> values) {
  const std::vector<double> sorted = preprocessing::sorted_values(values);
  std::vector<int> scores;
  scores.reserve(values.size());
  for (const double value : values) {
    if (std::isnan(value)) {
      scores.push_back(0);
      continue;
    }
    const auto [first, last] = std::ranges::equal_range(sorted, value);
    const auto below_twice = (first - sorted.begin()) + (last - sorted.begin());
    // 5 (below + equal / 2) / n in whole numbers, which no rounding moves over a border.
    scores.push_back(
        1 + static_cast<int>(5 * below_twice / (2 * static_cast<std::ptrdiff_t>(sorted.size()))));
  }
  return scores;
}

Segmentation rfm_classes(const RfmColumns& columns, Language language) {
  const std::size_t rows = columns.recency.size();
  if (columns.frequency.size() != rows || columns.monetary.size() != rows) {
    fail("rfm_classes: columns of {}, {} and {} rows", rows, columns.frequency.size(),
         columns.monetary.size());
  }
  std::vector<double> lateness(rows);
  std::ranges::transform(columns.recency, lateness.begin(), [](double value) { return -value; });
  const std::vector<int> recency = quintile_scores(lateness);
  const std::vector<int> frequency = quintile_scores(columns.frequency);
  const std::vector<int> monetary = quintile_scores(columns.monetary);
  Segmentation classes{{}, rfm_names(language)};
  for (std::size_t row = 0; row < rows; ++row) {
    if (recency[row] == 0 || frequency[row] == 0 || monetary[row] == 0) {
      classes.of_row.push_back(unknown_rfm);
      continue;
    }
    const int mean = (frequency[row] + monetary[row] + 1) / 2;
    classes.of_row.push_back(
        kGrid[static_cast<std::size_t>(recency[row] - 1)][static_cast<std::size_t>(mean - 1)]);
  }
  return classes;
}

}  // namespace ebb::churn

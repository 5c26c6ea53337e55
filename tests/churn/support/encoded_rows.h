// Encoded rows and models of them that are formulas, to explain.
#pragma once

#include <vector>

#include "apps/churn/explanation/attributions.h"
#include "apps/churn/model/feature_columns.h"
#include "preprocessing/split/random_order.h"

namespace ebb::churn {

/// Two numbers, of which the second has an indicator, a category, and a number that is ignored.
inline std::vector<FeatureColumn> example_columns() {
  return {{"first", {0}, {}}, {"second", {1, 3}, {}}, {"ignored", {2}, {}}, {"plan", {}, 0}};
}
inline constexpr std::size_t kIgnored = 2;

inline preprocessing::EncodedRows random_rows(std::size_t count, std::uint64_t seed) {
  preprocessing::SplitMix64 generator(seed);
  preprocessing::EncodedRows rows;
  rows.rows = count;
  rows.number_count = 4;
  rows.category_count = 1;
  for (std::size_t row = 0; row < count; ++row) {
    for (int i = 0; i < 3; ++i) {
      rows.numbers.push_back(static_cast<float>(generator.below(401)) / 100.0F - 2.0F);
    }
    rows.numbers.push_back(static_cast<float>(generator.below(2)));
    rows.codes.push_back(static_cast<std::int32_t>(generator.below(4)));
  }
  return rows;
}

template <class Formula>
std::vector<float> each_row(const preprocessing::EncodedRows& rows, Formula formula) {
  std::vector<float> logits;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    logits.push_back(formula(rows.numbers.data() + row * rows.number_count, rows.codes[row]));
  }
  return logits;
}

inline std::vector<float> additive_logits(const preprocessing::EncodedRows& rows) {
  return each_row(rows, [](const float* x, std::int32_t plan) {
    return x[0] * x[0] - 0.7F * x[1] + 0.5F * x[3] + 0.3F * static_cast<float>(plan == 2);
  });
}

inline std::vector<float> mixed_logits(const preprocessing::EncodedRows& rows) {
  return each_row(rows, [](const float* x, std::int32_t plan) {
    return x[0] * x[1] + (plan == 2 ? x[0] * x[1] * x[1] : 0.5F * x[3]) - x[0];
  });
}

}  // namespace ebb::churn

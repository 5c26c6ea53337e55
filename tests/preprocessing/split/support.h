// What the tests of splits share: labels, and the properties that every split has.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "preprocessing/split/random_order.h"
#include "preprocessing/split/split.h"
#include "tests/preprocessing/support.h"

namespace ebb::preprocessing {

inline std::vector<float> labels_of(std::size_t negatives, std::size_t positives) {
  std::vector<float> labels(negatives, 0.0F);
  labels.resize(negatives + positives, 1.0F);
  SplitMix64 generator(99);
  shuffle(std::span(labels), generator);
  return labels;
}

inline std::size_t positives_in(const std::vector<std::size_t>& rows,
                                const std::vector<float>& labels) {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [&](std::size_t row) { return labels[row] > 0.5F; }));
}

/// Each of `rows` rows is in one part, and parts ascend.
inline void expect_parts(const std::vector<std::vector<std::size_t>>& parts, std::size_t rows) {
  std::vector<std::size_t> all;
  for (const auto& part : parts) {
    EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
    all.insert(all.end(), part.begin(), part.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<std::size_t> expected(rows);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  EXPECT_EQ(all, expected);
}

inline void expect_partition(const Split& split, std::size_t rows) {
  expect_parts({split.train, split.validation, split.test}, rows);
}

inline std::vector<std::size_t> fold_sizes(const std::vector<std::uint32_t>& fold_of_row,
                                           std::uint32_t folds) {
  std::vector<std::size_t> sizes(folds);
  for (const std::uint32_t fold : fold_of_row) ++sizes.at(fold);
  return sizes;
}

}  // namespace ebb::preprocessing

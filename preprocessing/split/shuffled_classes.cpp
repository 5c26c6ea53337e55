#include "preprocessing/split/shuffled_classes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/common/error.h"
#include "preprocessing/split/random_order.h"

namespace ebb::preprocessing {
namespace {

std::vector<std::size_t> sizes_of(const Classes& classes) {
  std::vector<std::size_t> sizes;
  for (const auto& rows : classes) sizes.push_back(rows.size());
  return sizes;
}

std::size_t sum(std::span<const std::size_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

}  // namespace

void shuffle_classes(Classes& classes, std::uint64_t seed) {
  for (std::size_t i = 0; i < classes.size(); ++i) {
    SplitMix64 generator(seed, i);
    shuffle(std::span(classes[i]), generator);
  }
}

std::vector<std::size_t> apportion(std::span<const std::size_t> sizes, double fraction) {
  std::vector<std::size_t> counts(sizes.size());
  std::vector<double> remainders(sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double exact = static_cast<double>(sizes[i]) * fraction;
    counts[i] = static_cast<std::size_t>(exact);
    remainders[i] = exact - std::floor(exact);
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (remainders[a] != remainders[b]) return remainders[a] > remainders[b];
    return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : a < b;
  });
  const auto wanted =
      static_cast<std::size_t>(std::llround(static_cast<double>(sum(sizes)) * fraction));
  std::size_t given = sum(counts);
  for (const std::size_t i : order) {
    if (given == wanted) break;
    if (counts[i] == sizes[i]) continue;
    ++counts[i];
    ++given;
  }
  return counts;
}

Split split_classes(const Classes& classes, const SplitOptions& options) {
  check_fractions(options.validation_fraction, options.test_fraction);
  const std::vector<std::size_t> sizes = sizes_of(classes);
  const std::vector<std::size_t> test = apportion(sizes, options.test_fraction);
  const std::vector<std::size_t> validation = apportion(sizes, options.validation_fraction);
  Split split;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto begin = classes[i].begin();
    // Two remainders may have given the same row of a small class away.
    const std::size_t held_out = std::min(test[i] + validation[i], sizes[i]);
    const auto test_end = begin + static_cast<std::ptrdiff_t>(test[i]);
    const auto validation_end = begin + static_cast<std::ptrdiff_t>(held_out);
    split.test.insert(split.test.end(), begin, test_end);
    split.validation.insert(split.validation.end(), test_end, validation_end);
    split.train.insert(split.train.end(), validation_end, classes[i].end());
  }
  for (auto* part : {&split.train, &split.validation, &split.test}) {
    std::sort(part->begin(), part->end());
  }
  if (options.test_fraction > 0.0 && split.test.empty()) {
    fail<DataError>("{} rows are too few for a test fraction of {}: the part would be empty",
                    sum(sizes), options.test_fraction);
  }
  return split;
}

std::vector<std::uint32_t> deal_classes(const Classes& classes, std::uint32_t folds) {
  std::vector<std::uint32_t> fold_of_row(sum(sizes_of(classes)));
  std::uint32_t next = 0;
  for (const std::vector<std::size_t>& rows : classes) {
    for (const std::size_t row : rows) {
      fold_of_row[row] = next;
      next = (next + 1) % folds;
    }
  }
  return fold_of_row;
}

}  // namespace ebb::preprocessing

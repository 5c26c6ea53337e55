#include "preprocessing/encoding/category_encoding.h"

#include <algorithm>

#include "kernels/common/error.h"

namespace ebb::preprocessing {

std::vector<std::size_t> level_counts(const Column& column) {
  std::vector<std::size_t> counts(column.levels.size());
  for (const std::int32_t code : column.codes) {
    if (code != kMissingCode) ++counts[static_cast<std::size_t>(code)];
  }
  return counts;
}

CategoryEncoder CategoryEncoder::fit(const Column& column, std::size_t min_count) {
  return fit(column.levels, level_counts(column), min_count);
}

CategoryEncoder CategoryEncoder::fit(const std::vector<std::string>& of_counts,
                                     std::span<const std::size_t> counts, std::size_t min_count) {
  std::vector<std::size_t> order;
  for (std::size_t level = 0; level < counts.size(); ++level) {
    // A level of the whole table may be absent from the training rows.
    if (counts[level] > 0 && counts[level] >= min_count) order.push_back(level);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return counts[a] != counts[b] ? counts[a] > counts[b] : of_counts[a] < of_counts[b];
  });
  std::vector<std::string> levels;
  levels.reserve(order.size());
  for (const std::size_t level : order) levels.push_back(of_counts[level]);
  return restore(std::move(levels));
}

CategoryEncoder CategoryEncoder::restore(std::vector<std::string> levels) {
  CategoryEncoder encoder;
  encoder.levels_ = std::move(levels);
  std::int32_t next = kFirstLevelCode;
  for (const std::string& level : encoder.levels_) {
    if (!encoder.codes_.emplace(level, next++).second) {
      fail<DataError>("the level \"{}\" occurs twice", level);
    }
  }
  return encoder;
}

std::int32_t CategoryEncoder::code(std::string_view text) const {
  const auto found = codes_.find(std::string(text));
  return found == codes_.end() ? kEncodedUnknown : found->second;
}

}  // namespace ebb::preprocessing

#include "preprocessing/events/column_codes.h"

#include <algorithm>
#include <limits>

#include "preprocessing/common/parallel.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kCodesPerRange = 16384;
constexpr std::uint64_t kDenseRange = 4;

struct Bounds {
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  std::int64_t highest = kMissingInteger;
};

Bounds bounds_of(const std::vector<std::int64_t>& integers) {
  Bounds bounds;
  for (const std::int64_t value : integers) {
    if (value != kMissingInteger) bounds.lowest = std::min(bounds.lowest, value);
    bounds.highest = std::max(bounds.highest, value);
  }
  return bounds;
}

/// Calls code_of for every integer that is not missing.
template <class CodeOf>
std::vector<std::int32_t> coded(const std::vector<std::int64_t>& integers, CodeOf code_of) {
  std::vector<std::int32_t> codes(integers.size(), kMissingCode);
  parallel_ranges(codes.size(), 1, kCodesPerRange, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      if (integers[row] != kMissingInteger) codes[row] = code_of(integers[row]);
    }
  });
  return codes;
}

/// Integers that lie close together: a place for each possible one.
ColumnCodes dense_codes(const std::vector<std::int64_t>& integers, std::int64_t lowest,
                        std::uint64_t range) {
  std::vector<std::int32_t> code_at(range + 1, kMissingCode);
  const auto place = [lowest](std::int64_t value) {
    return static_cast<std::size_t>(value - lowest);
  };
  for (const std::int64_t value : integers) {
    if (value != kMissingInteger) code_at[place(value)] = 0;
  }
  ColumnCodes result;
  for (std::size_t i = 0; i < code_at.size(); ++i) {
    if (code_at[i] == kMissingCode) continue;
    code_at[i] = static_cast<std::int32_t>(result.integers.size());
    result.integers.push_back(lowest + static_cast<std::int64_t>(i));
  }
  result.codes = coded(integers, [&](std::int64_t value) { return code_at[place(value)]; });
  return result;
}

ColumnCodes scattered_codes(const std::vector<std::int64_t>& integers) {
  ColumnCodes result;
  std::vector<std::int64_t>& distinct = result.integers;
  distinct = integers;
  std::erase(distinct, kMissingInteger);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  result.codes = coded(integers, [&](std::int64_t value) {
    return static_cast<std::int32_t>(std::lower_bound(distinct.begin(), distinct.end(), value) -
                                     distinct.begin());
  });
  return result;
}

}  // namespace

std::vector<std::string> ColumnCodes::spellings() const {
  if (integers.empty()) return levels;
  std::vector<std::string> texts;
  texts.reserve(integers.size());
  for (const std::int64_t value : integers) texts.push_back(std::to_string(value));
  return texts;
}

ColumnCodes codes_of(const Column& column) {
  if (!column.has_integers()) {
    Column texts = as_text(column);
    return {std::move(texts.codes), {}, std::move(texts.levels)};
  }
  const Bounds bounds = bounds_of(column.integers);
  if (bounds.highest == kMissingInteger) {
    return {std::vector<std::int32_t>(column.size(), kMissingCode), {}, {}};
  }
  const auto range =
      static_cast<std::uint64_t>(bounds.highest) - static_cast<std::uint64_t>(bounds.lowest);
  return range / kDenseRange < column.size() ? dense_codes(column.integers, bounds.lowest, range)
                                             : scattered_codes(column.integers);
}

ColumnCodes ordered_codes_of(const Column& column, const std::vector<std::int64_t>& needed) {
  ColumnCodes all = codes_of(column);
  std::vector<bool> occurs(all.size());
  for (std::size_t row = 0; row < all.codes.size(); ++row) {
    std::int32_t& code = all.codes[row];
    if (needed[row] == kMissingInteger) code = kMissingCode;
    if (code != kMissingCode) occurs[static_cast<std::size_t>(code)] = true;
  }
  std::vector<std::size_t> order;
  for (std::size_t code = 0; code < occurs.size(); ++code) {
    if (occurs[code]) order.push_back(code);
  }
  if (!all.levels.empty()) {  // integers ascend already
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return all.levels[a] < all.levels[b]; });
  }
  ColumnCodes result;
  std::vector<std::int32_t> rank(all.size(), kMissingCode);
  for (std::size_t i = 0; i < order.size(); ++i) {
    rank[order[i]] = static_cast<std::int32_t>(i);
    if (all.levels.empty()) {
      result.integers.push_back(all.integers[order[i]]);
    } else {
      result.levels.push_back(std::move(all.levels[order[i]]));
    }
  }
  result.codes = std::move(all.codes);
  parallel_ranges(result.codes.size(), 1, kCodesPerRange, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      std::int32_t& code = result.codes[row];
      if (code != kMissingCode) code = rank[static_cast<std::size_t>(code)];
    }
  });
  return result;
}

}  // namespace ebb::preprocessing

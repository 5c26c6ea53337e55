#include <algorithm>

#include "preprocessing/statistics/ranks.h"
#include "preprocessing/statistics/sorted_column_backends.h"

namespace ebb::preprocessing::cpu {

std::int64_t sort_column(Context&, const SortColumn& p) {
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const double value = p.values[row];
    p.keys[row] = value == value ? ordered_key(value) : kMissingKey;
  }
  std::sort(p.keys, p.keys + p.rows);
  return std::lower_bound(p.keys, p.keys + p.rows, kMissingKey) - p.keys;
}

void gather(Context&, const std::uint64_t* from, std::span<const std::size_t> places,
            std::uint64_t* to) {
  for (std::size_t i = 0; i < places.size(); ++i) to[i] = from[places[i]];
}

std::vector<std::uint64_t> keys_at(Context& context, const std::uint64_t* keys,
                                   std::span<const std::size_t> ranks) {
  std::vector<std::uint64_t> found(ranks.size());
  gather(context, keys, ranks, found.data());
  return found;
}

std::size_t longest_run(Context&, const std::uint64_t* keys, std::size_t count) {
  std::size_t longest = 0;
  std::size_t first = 0;
  for (std::size_t begin = 0; begin < count;) {
    std::size_t end = begin;
    while (end < count && keys[end] == keys[begin]) ++end;
    if (end - begin > longest) {
      longest = end - begin;
      first = begin;
    }
    begin = end;
  }
  return first;
}

}  // namespace ebb::preprocessing::cpu

#include "preprocessing/encoding/level_lookup.h"

#include <algorithm>
#include <numeric>

#include "kernels/common/error.h"

namespace ebb::preprocessing {

Dictionary dictionary_of(const std::vector<std::string>& levels) {
  Dictionary dictionary;
  for (const std::string& level : levels) {
    const std::size_t before = dictionary.size();
    if (dictionary.code(level); dictionary.size() == before) {
      fail<DataError>("the level \"{}\" occurs twice", level);
    }
  }
  return dictionary;
}

std::vector<std::int32_t> match_levels(const Column& column, const Dictionary& fitted) {
  require_texts(column);
  std::vector<std::int32_t> places;
  places.reserve(column.levels.size());
  for (const std::string& level : column.levels) places.push_back(fitted.find(level));
  return places;
}

LevelCounts count_levels(const Column& column) {
  require_texts(column);
  std::vector<std::size_t> counts(column.levels.size());
  LevelCounts counted;
  for (const std::int32_t code : column.codes) {
    ++(code == kMissingCode ? counted.missing : counts[static_cast<std::size_t>(code)]);
  }
  std::vector<std::size_t> order;
  for (std::size_t level = 0; level < counts.size(); ++level) {
    if (counts[level] > 0) order.push_back(level);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return counts[a] != counts[b] ? counts[a] > counts[b] : column.levels[a] < column.levels[b];
  });
  for (const std::size_t level : order) {
    counted.levels.push_back(column.levels[level]);
    counted.counts.push_back(counts[level]);
  }
  return counted;
}

void require_texts(const Column& column) {
  if (column.is_number() || column.has_integers()) {
    fail("column \"{}\" holds numbers: give its texts to the encoder (as_text)", column.name);
  }
}

}  // namespace ebb::preprocessing

#include "preprocessing/encoding/ordinal.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"

namespace ebb::preprocessing {
namespace {

void require_declared(const Column& column, const std::vector<std::string>& levels,
                      const std::vector<std::string>& declared, const Dictionary& known) {
  for (const std::string& level : levels) {
    if (known.find(level) != Dictionary::kUnknown) continue;
    fail<DataError>(
        "column \"{}\" holds \"{}\", which is not among the levels declared in order, {}: add it "
        "in its place, or order levels by frequency or name",
        column.name, shortened(level), list_names(declared));
  }
}

/// What is wrong with the declaration names the column.
OrdinalEncoder restore_for(const Column& column, const std::vector<std::string>& declared) {
  try {
    return OrdinalEncoder::restore(declared);
  } catch (const DataError& error) {
    fail<DataError>("column \"{}\": {}", column.name, error.what());
  }
}

}  // namespace

OrdinalEncoder OrdinalEncoder::fit(const Column& column, LevelOrder order,
                                   const std::vector<std::string>& declared) {
  std::vector<std::string> levels = count_levels(column).levels;
  if (levels.empty()) {
    fail<DataError>("column \"{}\" has no value in any training row: leave it out", column.name);
  }
  if (order == LevelOrder::declared) {
    const OrdinalEncoder encoder = restore_for(column, declared);
    require_declared(column, levels, declared, encoder.levels_);
    return encoder;
  }
  if (!declared.empty()) fail("OrdinalEncoder: levels are declared, and ordered otherwise");
  if (order == LevelOrder::lexical) std::sort(levels.begin(), levels.end());
  return restore(levels);
}

OrdinalEncoder OrdinalEncoder::restore(const std::vector<std::string>& levels) {
  if (levels.empty()) fail<DataError>("an order without levels");
  OrdinalEncoder encoder;
  encoder.levels_ = dictionary_of(levels);
  return encoder;
}

std::vector<double> OrdinalEncoder::encode(const Column& column) const {
  std::vector<double> ranks;
  ranks.reserve(column.levels.size());
  for (const std::int32_t place : match_levels(column, levels_)) {
    ranks.push_back(place == Dictionary::kUnknown ? kMissingNumber : place);
  }
  return values_of_codes(std::span<const std::int32_t>(column.codes), ranks, kMissingNumber);
}

std::optional<std::string_view> OrdinalEncoder::decode(double rank) const {
  const double place = std::round(rank);
  if (!(place >= 0.0 && place < static_cast<double>(levels().size()))) return std::nullopt;
  return levels()[static_cast<std::size_t>(place)];
}

std::string_view level_order_name(LevelOrder order) {
  switch (order) {
    case LevelOrder::declared:
      return "declared";
    case LevelOrder::frequency:
      return "frequency";
    case LevelOrder::lexical:
      return "lexical";
  }
  return "unknown";
}

LevelOrder parse_level_order(std::string_view name) {
  for (const LevelOrder order :
       {LevelOrder::declared, LevelOrder::frequency, LevelOrder::lexical}) {
    if (name == level_order_name(order)) return order;
  }
  fail<DataError>("\"{}\" is no order of levels: use declared, frequency or lexical", name);
}

nlohmann::json to_json(const OrdinalEncoder& encoder) { return {{"levels", encoder.levels()}}; }

OrdinalEncoder ordinal_encoder_from_json(const JsonReader& reader) {
  reader.expect_keys({"levels"});
  const std::vector<std::string> levels = reader.member("levels").texts();
  return reader.guarded([&] { return OrdinalEncoder::restore(levels); });
}

}  // namespace ebb::preprocessing

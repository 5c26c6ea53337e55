#include "preprocessing/encoding/one_hot.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"

namespace ebb::preprocessing {

OneHotEncoder OneHotEncoder::fit(const Column& column, const OneHotOptions& options) {
  if (!(options.min_share >= 0.0 && options.min_share <= 1.0)) {
    fail<DataError>("column \"{}\": the least share of a level is {}: expected 0 to 1", column.name,
                    options.min_share);
  }
  LevelCounts counted = count_levels(column);
  const auto present = static_cast<double>(column.codes.size() - counted.missing);
  // Counts descend, so the rare levels are the last ones.
  std::size_t kept = 0;
  while (kept < counted.levels.size() && counted.counts[kept] >= options.min_count &&
         static_cast<double>(counted.counts[kept]) >= options.min_share * present &&
         (options.max_levels == 0 || kept < options.max_levels)) {
    ++kept;
  }
  const auto begin = counted.levels.begin();
  const auto rare = begin + static_cast<std::ptrdiff_t>(kept);
  const bool has_missing_column =
      options.missing == MissingIndicator::always ||
      (options.missing == MissingIndicator::when_missing && counted.missing > 0);
  const bool has_other_column =
      rare != counted.levels.end() || options.unknown == UnknownLevel::other_column;
  if (kept == 0 && !has_other_column && !has_missing_column) {
    fail<DataError>("column \"{}\" has no value in any training row: leave it out", column.name);
  }
  return restore({begin, rare}, {rare, counted.levels.end()}, has_other_column, options.unknown,
                 has_missing_column);
}

OneHotEncoder OneHotEncoder::restore(const std::vector<std::string>& levels,
                                     const std::vector<std::string>& rare, bool has_other_column,
                                     UnknownLevel unknown, bool has_missing_column) {
  std::vector<std::string> known = levels;
  known.insert(known.end(), rare.begin(), rare.end());
  OneHotEncoder encoder;
  encoder.known_ = dictionary_of(known);
  encoder.level_count_ = levels.size();
  encoder.has_other_column_ = has_other_column;
  encoder.has_missing_column_ = has_missing_column;
  encoder.unknown_ = unknown;
  if (!has_other_column && (!rare.empty() || unknown == UnknownLevel::other_column)) {
    fail<DataError>("{} rare levels and unknown ones need the column of other levels", rare.size());
  }
  if (encoder.width() == 0) fail<DataError>("a one-hot encoding without any column");
  return encoder;
}

std::vector<std::int32_t> OneHotEncoder::encode(const Column& column) const {
  const auto other = static_cast<std::int32_t>(level_count_);
  const std::int32_t missing =
      has_missing_column_ ? other + (has_other_column_ ? 1 : 0) : kNoColumn;
  std::vector<std::int32_t> places = match_levels(column, known_);
  for (std::int32_t& place : places) {
    if (place == Dictionary::kUnknown) {
      place = unknown_ == UnknownLevel::other_column ? other : kNoColumn;
    } else {
      place = std::min(place, other);
    }
  }
  return values_of_codes(std::span<const std::int32_t>(column.codes), places, missing);
}

std::vector<std::string> OneHotEncoder::names(std::string_view column) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < level_count_; ++i) {
    names.push_back(fmt::format("{} = {}", column, known_.levels()[i]));
  }
  if (has_other_column_) names.push_back(fmt::format("{} is other", column));
  if (has_missing_column_) names.push_back(fmt::format("{} is missing", column));
  return names;
}

std::optional<std::string_view> OneHotEncoder::level(std::int32_t place) const {
  if (place < 0 || static_cast<std::size_t>(place) >= level_count_) return std::nullopt;
  return known_.levels()[static_cast<std::size_t>(place)];
}

std::vector<std::string> OneHotEncoder::levels() const {
  const auto begin = known_.levels().begin();
  return {begin, begin + static_cast<std::ptrdiff_t>(level_count_)};
}

std::vector<std::string> OneHotEncoder::rare() const {
  return {known_.levels().begin() + static_cast<std::ptrdiff_t>(level_count_),
          known_.levels().end()};
}

bool OneHotEncoder::operator==(const OneHotEncoder& other) const {
  return known_.levels() == other.known_.levels() && level_count_ == other.level_count_ &&
         has_other_column_ == other.has_other_column_ &&
         has_missing_column_ == other.has_missing_column_ && unknown_ == other.unknown_;
}

void write_one_hot_rows(std::span<const std::int32_t> places, std::span<const float> ones,
                        std::size_t width, std::size_t stride, std::span<float> values) {
  if (places.empty()) return;
  if (width > stride || (places.size() - 1) * stride + width > values.size()) {
    fail("write_one_hot_rows: {} rows of {} columns, {} apart, do not fit into {} values",
         places.size(), width, stride, values.size());
  }
  constexpr std::size_t kRange = 4096;
  parallel_ranges(places.size(), width, kRange, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      write_one_hot(places[row], width, ones.empty() ? 1.0F : ones[row], &values[row * stride]);
    }
  });
}

std::string_view unknown_level_name(UnknownLevel unknown) {
  return unknown == UnknownLevel::zeros ? "zeros" : "other_column";
}

UnknownLevel parse_unknown_level(std::string_view name) {
  for (const UnknownLevel unknown : {UnknownLevel::zeros, UnknownLevel::other_column}) {
    if (name == unknown_level_name(unknown)) return unknown;
  }
  fail<DataError>("\"{}\" is no place for unknown levels: use zeros or other_column", name);
}

nlohmann::json to_json(const OneHotEncoder& encoder) {
  return {{"levels", encoder.levels()},
          {"rare", encoder.rare()},
          {"other_column", encoder.has_other_column()},
          {"unknown", unknown_level_name(encoder.unknown())},
          {"missing_column", encoder.has_missing_column()}};
}

OneHotEncoder one_hot_encoder_from_json(const JsonReader& reader) {
  reader.expect_keys({"levels", "rare", "other_column", "unknown", "missing_column"});
  const UnknownLevel unknown = reader.member("unknown").parsed(parse_unknown_level);
  const std::vector<std::string> levels = reader.member("levels").texts();
  const std::vector<std::string> rare = reader.member("rare").texts();
  const bool has_other_column = reader.member("other_column").boolean();
  const bool has_missing_column = reader.member("missing_column").boolean();
  return reader.guarded([&] {
    return OneHotEncoder::restore(levels, rare, has_other_column, unknown, has_missing_column);
  });
}

}  // namespace ebb::preprocessing

#include "preprocessing/encoding/frequency.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"

namespace ebb::preprocessing {

FrequencyEncoder FrequencyEncoder::fit(const Column& column, FrequencyKind kind) {
  LevelCounts counted = count_levels(column);
  if (column.codes.empty()) fail<DataError>("column \"{}\" has no training rows", column.name);
  return restore(kind, counted.levels, std::move(counted.counts), counted.missing);
}

FrequencyEncoder FrequencyEncoder::restore(FrequencyKind kind,
                                           const std::vector<std::string>& levels,
                                           std::vector<std::size_t> counts, std::size_t missing) {
  if (counts.size() != levels.size()) {
    fail<DataError>("{} counts for {} levels: expected as many", counts.size(), levels.size());
  }
  FrequencyEncoder encoder;
  encoder.kind_ = kind;
  encoder.levels_ = dictionary_of(levels);
  encoder.rows_ = static_cast<double>(missing);
  for (const std::size_t count : counts) encoder.rows_ += static_cast<double>(count);
  if (encoder.rows_ == 0.0) fail<DataError>("frequencies of no rows");
  encoder.counts_ = std::move(counts);
  encoder.missing_ = missing;
  return encoder;
}

std::vector<double> FrequencyEncoder::encode(const Column& column) const {
  const auto frequency = [&](std::size_t count) {
    return kind_ == FrequencyKind::share ? static_cast<double>(count) / rows_
                                         : static_cast<double>(count);
  };
  std::vector<double> frequencies;
  frequencies.reserve(column.levels.size());
  for (const std::int32_t place : match_levels(column, levels_)) {
    frequencies.push_back(
        frequency(place == Dictionary::kUnknown ? 0 : counts_[static_cast<std::size_t>(place)]));
  }
  return values_of_codes(std::span<const std::int32_t>(column.codes), frequencies,
                         frequency(missing_));
}

bool FrequencyEncoder::operator==(const FrequencyEncoder& other) const {
  return kind_ == other.kind_ && levels() == other.levels() && counts_ == other.counts_ &&
         missing_ == other.missing_;
}

std::string_view frequency_kind_name(FrequencyKind kind) {
  return kind == FrequencyKind::share ? "share" : "count";
}

FrequencyKind parse_frequency_kind(std::string_view name) {
  for (const FrequencyKind kind : {FrequencyKind::share, FrequencyKind::count}) {
    if (name == frequency_kind_name(kind)) return kind;
  }
  fail<DataError>("\"{}\" is no kind of frequency: use share or count", name);
}

nlohmann::json to_json(const FrequencyEncoder& encoder) {
  return {{"kind", frequency_kind_name(encoder.kind())},
          {"levels", encoder.levels()},
          {"counts", encoder.counts()},
          {"missing", encoder.missing()}};
}

FrequencyEncoder frequency_encoder_from_json(const JsonReader& reader) {
  reader.expect_keys({"kind", "levels", "counts", "missing"});
  const FrequencyKind kind = reader.member("kind").parsed(parse_frequency_kind);
  const std::vector<std::string> levels = reader.member("levels").texts();
  const std::vector<std::size_t> counts = reader.member("counts").counts();
  const std::size_t missing = reader.member("missing").count();
  return reader.guarded([&] { return FrequencyEncoder::restore(kind, levels, counts, missing); });
}

}  // namespace ebb::preprocessing

#include "preprocessing/encoding/target_encoding.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"

namespace ebb::preprocessing {
namespace {

/// The place of a row's level: missing first.
std::size_t place_of(std::int32_t code) { return static_cast<std::size_t>(code + 1); }

void check(const Column& column, std::span<const double> targets, std::optional<double> smoothing) {
  require_texts(column);
  if (targets.size() != column.codes.size()) {
    fail("target encoding of column \"{}\": {} targets for {} rows", column.name, targets.size(),
         column.codes.size());
  }
  if (targets.empty()) fail<DataError>("column \"{}\" has no training rows", column.name);
  if (smoothing && !(*smoothing >= 0.0 && std::isfinite(*smoothing))) {
    fail<DataError>("column \"{}\": the smoothing is {}: expected a number that is not negative",
                    column.name, *smoothing);
  }
}

/// Moments for each place of each fold, [folds, places]: means, then squared distances from them.
std::vector<TargetMoments> fold_moments(const Column& column, std::span<const double> targets,
                                        std::span<const std::uint32_t> fold_of_row,
                                        std::size_t folds) {
  const std::size_t places = column.levels.size() + 1;
  std::vector<TargetMoments> moments(folds * places);
  const auto of_row = [&](std::size_t row) -> TargetMoments& {
    const std::size_t fold = fold_of_row.empty() ? 0 : fold_of_row[row];
    return moments[fold * places + place_of(column.codes[row])];
  };
  for (std::size_t row = 0; row < targets.size(); ++row) {
    TargetMoments& level = of_row(row);
    level.count += 1.0;
    level.mean += targets[row];  // the sum until the rows are through
  }
  for (TargetMoments& level : moments) level.mean /= std::max(1.0, level.count);
  for (std::size_t row = 0; row < targets.size(); ++row) {
    TargetMoments& level = of_row(row);
    const double distance = targets[row] - level.mean;
    level.squares += distance * distance;
  }
  return moments;
}

/// The encoding of each place, and the mean of all rows at the end.
std::vector<double> encodings_of(std::span<const TargetMoments> levels, const Column& column,
                                 std::optional<double> smoothing) {
  TargetMoments all;
  for (const TargetMoments& level : levels) all.merge(level);
  if (!std::isfinite(all.squares)) {
    fail<DataError>(
        "target encoding of column \"{}\": a target is missing, infinite or too large: leave out "
        "rows without a target, and scale targets beyond 1e150",
        column.name);
  }
  std::vector<double> encodings;
  encodings.reserve(levels.size() + 1);
  for (const TargetMoments& level : levels) {
    encodings.push_back(smoothed_target(level, all, smoothing));
  }
  encodings.push_back(all.mean);
  return encodings;
}

}  // namespace

TargetEncoder TargetEncoder::fit(const Column& column, std::span<const double> targets,
                                 std::optional<double> smoothing) {
  check(column, targets, smoothing);
  const std::vector<TargetMoments> moments = fold_moments(column, targets, {}, 1);
  const std::vector<double> encodings = encodings_of(moments, column, smoothing);
  std::vector<std::string> levels;
  std::vector<double> of_level;
  for (std::size_t level = 0; level < column.levels.size(); ++level) {
    if (moments[level + 1].count == 0.0) continue;  // of the whole table, not of these rows
    levels.push_back(column.levels[level]);
    of_level.push_back(encodings[level + 1]);
  }
  return restore(levels, std::move(of_level), encodings.front(), encodings.back());
}

TargetEncoder TargetEncoder::restore(const std::vector<std::string>& levels,
                                     std::vector<double> encodings, double missing,
                                     double unknown) {
  if (encodings.size() != levels.size()) {
    fail<DataError>("{} encodings for {} levels: expected as many", encodings.size(),
                    levels.size());
  }
  const bool finite =
      std::all_of(encodings.begin(), encodings.end(), [](double x) { return std::isfinite(x); });
  if (!finite || !std::isfinite(missing) || !std::isfinite(unknown)) {
    fail<DataError>("target encodings that are not finite");
  }
  TargetEncoder encoder;
  encoder.levels_ = dictionary_of(levels);
  encoder.encodings_ = std::move(encodings);
  encoder.missing_ = missing;
  encoder.unknown_ = unknown;
  return encoder;
}

std::vector<double> TargetEncoder::encode(const Column& column) const {
  std::vector<double> of_level;
  of_level.reserve(column.levels.size());
  for (const std::int32_t place : match_levels(column, levels_)) {
    of_level.push_back(place == Dictionary::kUnknown ? unknown_
                                                     : encodings_[static_cast<std::size_t>(place)]);
  }
  return values_of_codes(std::span<const std::int32_t>(column.codes), of_level, missing_);
}

bool TargetEncoder::operator==(const TargetEncoder& other) const {
  return levels() == other.levels() && encodings_ == other.encodings_ &&
         missing_ == other.missing_ && unknown_ == other.unknown_;
}

std::vector<double> encode_out_of_fold(const Column& column, std::span<const double> targets,
                                       std::span<const std::uint32_t> fold_of_row,
                                       std::uint32_t folds, std::optional<double> smoothing) {
  check(column, targets, smoothing);
  if (fold_of_row.size() != targets.size()) {
    fail("target encoding of column \"{}\": {} folds of rows for {} rows", column.name,
         fold_of_row.size(), targets.size());
  }
  std::vector<std::size_t> rows_of_fold(folds);
  for (const std::uint32_t fold : fold_of_row) {
    if (fold >= folds) fail("target encoding: fold {} of {}", fold, folds);
    ++rows_of_fold[fold];
  }
  const auto most = std::max_element(rows_of_fold.begin(), rows_of_fold.end());
  if (most == rows_of_fold.end() || *most == targets.size()) {
    fail<DataError>(
        "target encoding of column \"{}\": all {} rows are in one fold, so that none is left to "
        "learn from: give at least 2 folds",
        column.name, targets.size());
  }
  const std::size_t places = column.levels.size() + 1;
  const std::vector<TargetMoments> moments = fold_moments(column, targets, fold_of_row, folds);
  std::vector<std::vector<double>> encodings;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<TargetMoments> others(places);
    for (std::size_t i = 0; i < moments.size(); ++i) {
      if (i / places != fold) others[i % places].merge(moments[i]);
    }
    encodings.push_back(encodings_of(others, column, smoothing));
  }
  std::vector<double> values(targets.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    values[row] = encodings[fold_of_row[row]][place_of(column.codes[row])];
  }
  return values;
}

nlohmann::json to_json(const TargetEncoder& encoder) {
  return {{"levels", encoder.levels()},
          {"encodings", encoder.encodings()},
          {"missing", encoder.missing()},
          {"unknown", encoder.unknown()}};
}

TargetEncoder target_encoder_from_json(const JsonReader& reader) {
  reader.expect_keys({"levels", "encodings", "missing", "unknown"});
  const std::vector<std::string> levels = reader.member("levels").texts();
  const std::vector<double> encodings = reader.member("encodings").numbers();
  const double missing = reader.member("missing").number();
  const double unknown = reader.member("unknown").number();
  return reader.guarded(
      [&] { return TargetEncoder::restore(levels, encodings, missing, unknown); });
}

}  // namespace ebb::preprocessing

// A category as the mean target of its level, shrunk to the mean of all rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/encoding/level_lookup.h"

namespace ebb::preprocessing {

/// Of n targets of a level: their mean and the sum of squared distances from it.
struct TargetMoments {
  double count = 0.0;
  double mean = 0.0;
  double squares = 0.0;

  /// The moments of both sets of targets together (T. Chan, G. Golub, R. LeVeque 1979).
  void merge(const TargetMoments& other) {
    if (other.count == 0.0) return;
    const double distance = other.mean - mean;
    const double sum = count + other.count;
    squares += other.squares + distance * distance * (count * (other.count / sum));
    mean += distance * (other.count / sum);
    count = sum;
  }
};

/// The encoding of a level beside `all` rows (D. Micci-Barreca, "A preprocessing scheme for
/// high-cardinality categorical attributes", 2001, equations 3 to 6):
///   w mean + (1 - w) mean of all,   w = n / (n + smoothing)
/// where the empirical-Bayes smoothing (none given) is the ratio of the level's variance to that of
/// all rows. The mean of all rows for n = 0 and where all targets are equal.
inline double smoothed_target(const TargetMoments& level, const TargetMoments& all,
                              std::optional<double> smoothing) {
  if (level.count == 0.0) return all.mean;
  const double spread = all.squares / all.count;
  if (!smoothing && spread == 0.0) return all.mean;
  const double shrinkage = smoothing ? *smoothing : level.squares / level.count / spread;
  const double weight = level.count / (level.count + shrinkage);
  return weight * level.mean + (1.0 - weight) * all.mean;
}

/// As scikit-learn's TargetEncoder: missing values are a level of their own, a level that was not
/// seen gets the mean of all training rows, and `smoothing` is its `smooth`, empty for "auto".
class TargetEncoder {
 public:
  TargetEncoder() = default;
  /// Fits to all training rows, for rows that are none of them. Throws DataError naming the column
  /// if there are no rows, a target is not finite or `smoothing` negative; Error unless there is a
  /// target for each row. Reads the rows twice, on one thread.
  static TargetEncoder fit(const Column& column, std::span<const double> targets,
                           std::optional<double> smoothing = {});
  /// Throws DataError on a repeated level, other numbers of encodings, and what is not finite.
  static TargetEncoder restore(const std::vector<std::string>& levels,
                               std::vector<double> encodings, double missing, double unknown);

  /// The encodings of all rows of a text column, in parallel; no NaN.
  [[nodiscard]] std::vector<double> encode(const Column& column) const;

  [[nodiscard]] const std::vector<std::string>& levels() const { return levels_.levels(); }
  [[nodiscard]] const std::vector<double>& encodings() const { return encodings_; }
  [[nodiscard]] double missing() const { return missing_; }
  [[nodiscard]] double unknown() const { return unknown_; }  ///< the mean of all training rows
  bool operator==(const TargetEncoder& other) const;

 private:
  Dictionary levels_;
  std::vector<double> encodings_;
  double missing_ = 0.0;
  double unknown_ = 0.0;
};

/// The encodings of the training rows themselves: each row gets what the rows of the other folds
/// say of its level, so that no row sees its own target. `fold_of_row` is below `folds`
/// (split/split.h makes them). Throws as TargetEncoder::fit, and DataError unless there are rows in
/// two folds at least. Keeps 24 bytes for each level and fold.
std::vector<double> encode_out_of_fold(const Column& column, std::span<const double> targets,
                                       std::span<const std::uint32_t> fold_of_row,
                                       std::uint32_t folds, std::optional<double> smoothing = {});

nlohmann::json to_json(const TargetEncoder& encoder);
TargetEncoder target_encoder_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing

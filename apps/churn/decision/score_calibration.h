// Makes the network's probabilities agree with what happened on validation rows.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apps/churn/metrics/scored_rows.h"
#include "preprocessing/common/json_reader.h"

namespace ebb::churn {

enum class CalibrationMethod {
  none,
  temperature,  ///< logits divided by one number (Guo et al. 2017)
  platt,        ///< logits times a number plus another (Platt 1999)
  isotonic,     ///< the best rising steps (Zadrozny and Elkan 2002); wants some thousand rows
};
inline constexpr std::array kCalibrationMethods = {
    CalibrationMethod::none, CalibrationMethod::temperature, CalibrationMethod::platt,
    CalibrationMethod::isotonic};

/// "none", "temperature", "platt", "isotonic".
std::string_view to_string(CalibrationMethod method);
/// The inverse; DataError, listing the names, for any other text.
CalibrationMethod parse_calibration_method(std::string_view name);

/// A rising function from probability to probability: the order of customers stays, but that
/// isotonic steps make equal what was not. Immutable.
class ScoreCalibration {
 public:
  /// The identity.
  ScoreCalibration() = default;

  /// Fits to probabilities of rows that the network was not trained on. Temperature and Platt have
  /// the least log-loss against Platt's targets, (positives + 1) / (positives + 2) and
  /// 1 / (negatives + 2), so that rows which are told apart without error do not ask for certainty;
  /// isotonic steps have the least squared error (pool adjacent violators), are linear between
  /// steps and level beyond the ends. Where rows of one class alone are no ground to fit to, or
  /// leavers score lower than stayers, the identity, and why() says so. Weights count as rows.
  /// Throws Error as `check_rows` does, and for logits.
  static ScoreCalibration fit(const ScoredRows& validation, CalibrationMethod method);

  [[nodiscard]] CalibrationMethod method() const { return method_; }
  [[nodiscard]] float apply(float probability) const;
  void apply(std::span<float> probabilities) const;
  /// In a sentence, what it does, or why it does nothing though it was asked to; empty for none.
  [[nodiscard]] const std::string& why() const { return why_; }

  [[nodiscard]] nlohmann::json to_json() const;
  /// Throws DataError, which names the place, for what to_json does not write.
  static ScoreCalibration from_json(const preprocessing::JsonReader& json);

  bool operator==(const ScoreCalibration&) const = default;

 private:
  struct Logistic {
    double slope = 1.0;
    double offset = 0.0;
    bool operator==(const Logistic&) const = default;
  };
  struct Steps {
    std::vector<double> scores;         // ascending
    std::vector<double> probabilities;  // rising, as many
    bool operator==(const Steps&) const = default;
  };
  static Logistic fit_logistic(const ScoredRows& rows, bool has_offset);
  static Steps fit_steps(const ScoredRows& rows);
  void describe();

  CalibrationMethod method_ = CalibrationMethod::none;
  Logistic logistic_;
  Steps steps_;
  std::string why_;
};

}  // namespace ebb::churn

// The likelihood is evaluated on the logarithms log(1 + |x|), taken once, with their signs.
#include "preprocessing/scaling/power.h"

#include <numeric>
#include <vector>

#include "preprocessing/common/parallel.h"
#include "preprocessing/scaling/brent.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kBlock = 16384;

/// sum of value(i) over [0, count): of blocks in parallel, then of their sums in order.
template <class Value>
double block_sum(std::size_t count, Value value) {
  std::vector<double> sums((count + kBlock - 1) / kBlock);
  parallel_ranges(count, 1, kBlock, [&](std::size_t begin, std::size_t end) {
    double sum = 0.0;
    for (std::size_t i = begin; i < end; ++i) sum += value(i);
    sums[begin / kBlock] = sum;
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

class Likelihood {
 public:
  /// Of `sign` times the values. With `is_anchored` all of them are >= 0.
  Likelihood(std::span<const double> values, double sign, bool is_anchored)
      : logs_(values.size()), powers_(values.size()) {
    parallel_ranges(values.size(), 1, kBlock, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) logs_[i] = signed_log(sign * values[i]);
    });
    const auto count = static_cast<double>(logs_.size());
    mean_log_ = block_sum(logs_.size(), [&](std::size_t i) { return logs_[i] / count; });
    if (is_anchored) anchor_ = mean_log_;
    for (const double log : logs_) {
      least_log_ = std::min(least_log_, log - anchor_);
      most_log_ = std::max(most_log_, log - anchor_);
    }
  }

  [[nodiscard]] double anchor() const { return anchor_; }

  /// The negated log-likelihood per value, but for a constant.
  double operator()(double lambda) {
    const double exponent = largest_exponent(lambda);
    const double count = static_cast<double>(logs_.size());
    transform(lambda, exponent);
    const double mean =
        block_sum(powers_.size(), [&](std::size_t i) { return powers_[i]; }) / count;
    const double squares = block_sum(
        powers_.size(), [&](std::size_t i) { return (powers_[i] - mean) * (powers_[i] - mean); });
    // The variance of T is that of the anchored powers times e^(2 lambda anchor).
    return 0.5 * std::log(squares / count) + exponent + (lambda - 1.0) * (anchor_ - mean_log_);
  }

 private:
  /// Where powers would overflow: the exponent that is divided out of all of them, else 0.
  [[nodiscard]] double largest_exponent(double lambda) const {
    constexpr double kHarmless = 300.0;  // its square, summed over 1e9 values, is finite
    // With an anchor all values have the power lambda, else those below 0 have 2 - lambda.
    const double low = anchor_ > 0.0 ? lambda * least_log_ : (lambda - 2.0) * least_log_;
    const double largest = std::max(lambda * most_log_, low);
    return largest > kHarmless ? largest : 0.0;
  }

  void transform(double lambda, double exponent) {
    const auto scaled_power = [exponent](double t, double power) {
      if (exponent == 0.0) return power_of_log(t, power);
      if (power == 0.0) return t * std::exp(-exponent);
      return (std::exp(power * t - exponent) - std::exp(-exponent)) / power;
    };
    parallel_ranges(logs_.size(), 1, kBlock, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        powers_[i] = logs_[i] < 0.0 ? -scaled_power(-logs_[i], 2.0 - lambda)
                                    : scaled_power(logs_[i] - anchor_, lambda);
      }
    });
  }

  std::vector<double> logs_;  // with the values' signs
  std::vector<double> powers_;
  double mean_log_ = 0.0;
  double anchor_ = 0.0;
  double least_log_ = 0.0;
  double most_log_ = 0.0;
};

}  // namespace

AnchoredPower fit_power(std::span<const double> values) {
  const auto [least, most] = std::ranges::minmax(values);
  // Values that are all below 0 are fitted as their opposites, of which T is the mirror image.
  const bool is_mirrored = most <= 0.0;
  Likelihood likelihood(values, is_mirrored ? -1.0 : 1.0, is_mirrored || least >= 0.0);
  constexpr double kTolerance = 1e-9;
  const double lambda = brent_minimum(likelihood, kLeastPower, kMostPower, kTolerance);
  return is_mirrored ? AnchoredPower{2.0 - lambda, -likelihood.anchor()}
                     : AnchoredPower{lambda, likelihood.anchor()};
}

}  // namespace ebb::preprocessing

// When to stop: a score that has not improved for a while.
#pragma once

#include <cstdint>

namespace ebb {

/// Keeps the best (lowest) score and how long ago it was.
class EarlyStopping {
 public:
  /// `patience`: observations without a better score after which to stop; 0: never.
  explicit EarlyStopping(std::int64_t patience) : patience_(patience) {}

  /// Takes the next score; returns whether it is the best so far. A score that is not a number
  /// never is.
  bool observe(double score) {
    ++observations_;
    if (!(best_at_ == 0 ? score == score : score < best_)) return false;
    best_ = score;
    best_at_ = observations_;
    return true;
  }

  bool should_stop() const { return patience_ > 0 && observations_ - best_at_ >= patience_; }
  double best() const { return best_; }
  /// The number of the best observation, from 1; 0 when there is none.
  std::int64_t best_at() const { return best_at_; }

  void restore(std::int64_t observations, std::int64_t best_at, double best) {
    observations_ = observations;
    best_at_ = best_at;
    best_ = best;
  }

 private:
  std::int64_t patience_;
  std::int64_t observations_ = 0;
  std::int64_t best_at_ = 0;
  double best_ = 0.0;
};

}  // namespace ebb

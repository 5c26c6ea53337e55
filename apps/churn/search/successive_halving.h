// Which trials are worth training to the end, by how they began.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ebb::churn {

/// By epoch, what a trial came to so far: the smallest loss of all its epochs until then.
using LossCurve = std::vector<double>;

/// Epochs after which trials are compared, ascending: `epochs` divided by 3, 9, ..., rounded up,
/// without those of one epoch alone, nor `epochs` itself.
std::vector<std::int64_t> halving_rungs(std::int64_t epochs);

/// Whether a trial that has trained for as many epochs as `curve` says trains on: where that is no
/// rung, where fewer than 3 others have come as far, and where it is among the best third of
/// those and itself. Asynchronous successive halving in its stopping form (Li et al., "A system for
/// massively parallel hyperparameter tuning", 2020) with a factor of 3.
bool is_promising(const LossCurve& curve, std::span<const LossCurve> others,
                  std::span<const std::int64_t> rungs);

}  // namespace ebb::churn

#include "apps/churn/search/successive_halving.h"

#include <algorithm>
#include <cstddef>

namespace ebb::churn {
namespace {

constexpr std::size_t kFactor = 3;

}  // namespace

std::vector<std::int64_t> halving_rungs(std::int64_t epochs) {
  std::vector<std::int64_t> rungs;
  constexpr auto factor = static_cast<std::int64_t>(kFactor);
  for (std::int64_t divisor = factor; divisor < epochs; divisor *= factor) {
    const std::int64_t rung = (epochs + divisor - 1) / divisor;
    if (rung > 1) rungs.insert(rungs.begin(), rung);
  }
  return rungs;
}

bool is_promising(const LossCurve& curve, std::span<const LossCurve> others,
                  std::span<const std::int64_t> rungs) {
  const std::size_t epochs = curve.size();
  if (!std::binary_search(rungs.begin(), rungs.end(), static_cast<std::int64_t>(epochs))) {
    return true;
  }
  std::size_t rivals = 0;
  std::size_t better = 0;
  for (const LossCurve& other : others) {
    if (other.size() < epochs) continue;
    ++rivals;
    if (other[epochs - 1] < curve.back()) ++better;
  }
  const std::size_t kept = (rivals + 1 + kFactor - 1) / kFactor;
  return rivals < kFactor || better < kept;
}

}  // namespace ebb::churn

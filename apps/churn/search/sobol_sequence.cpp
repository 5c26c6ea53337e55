#include "apps/churn/search/sobol_sequence.h"

#include <boost/random/sobol.hpp>

#include "kernels/common/error.h"
#include "preprocessing/split/random_order.h"

namespace ebb::churn {
namespace {

using SobolEngine = boost::random::sobol_engine<std::uint32_t, 32>;

constexpr std::uint64_t kShiftStream = 2000;
constexpr std::size_t kMostDimensions = boost::random::default_sobol_table::max_dimension;

}  // namespace

SobolSequence::SobolSequence(std::size_t dimensions, std::optional<std::uint64_t> seed)
    : dimensions_(dimensions), shift_(dimensions, 0) {
  if (dimensions == 0 || dimensions > kMostDimensions) {
    fail("a Sobol sequence has 1 to {} dimensions, not {}", kMostDimensions, dimensions);
  }
  if (!seed) return;
  preprocessing::SplitMix64 generator(*seed, kShiftStream);
  for (std::uint32_t& shift : shift_) shift = static_cast<std::uint32_t>(generator.next() >> 32);
}

std::vector<double> SobolSequence::point(std::uint64_t number) const {
  SobolEngine engine(dimensions_);
  if (number > 1) engine.seed(static_cast<std::uint32_t>(number - 1));  // Boost leaves zero out
  std::vector<double> point;
  for (const std::uint32_t shift : shift_) {
    const std::uint32_t bits = number == 0 ? 0 : engine();
    point.push_back(static_cast<double>(bits ^ shift) * 0x1p-32);
  }
  return point;
}

}  // namespace ebb::churn

#include "preprocessing/scaling/normal_distribution.h"

#include <numbers>

namespace ebb::preprocessing {

double normal_cumulative(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

}  // namespace ebb::preprocessing

// The least value of a smooth convex function of a few variables.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace ebb::churn {

/// A function of n variables at a point, with its derivatives. The value may be infinite where the
/// function is not defined; then the derivatives do not count.
struct LocalShape {
  double value = 0.0;
  std::vector<double> gradient;  ///< [n]
  std::vector<double> hessian;   ///< row-major [n, n]
};
using ConvexFunction = std::function<LocalShape(std::span<const double>)>;

enum class Domain {
  all,           ///< every point
  non_negative,  ///< no variable is below 0
};

/// Where a convex function is least, from `start`, where it must be finite. Newton's method on the
/// variables that are not held at 0, its steps projected onto the domain and halved until they gain
/// enough (Bertsekas 1982). Of directions in which the function is flat, none is taken. Throws
/// Error when start lies outside the domain.
std::vector<double> minimise(const ConvexFunction& function, std::vector<double> start,
                             Domain domain);

}  // namespace ebb::churn

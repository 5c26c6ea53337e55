#include "apps/churn/fusion/projected_newton.h"

#include <algorithm>
#include <cmath>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr int kMostSteps = 200;
constexpr double kPrecise = 1e-12;
constexpr double kNear = 1e-6;
constexpr double kEnough = 1e-4;  // share of the gain that the slope promises (Armijo)
// Of the mean diagonal: keeps the system regular where members say the same.
constexpr double kRidge = 1e-10;

/// x of A x = b in place of b, by Cholesky's factor, which takes the place of A: symmetric,
/// positive definite, row-major [n, n].
void solve(std::vector<double>& a, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(sum) : sum / a[j * n + j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
}

/// The variables that the Newton step is for; the others are at 0 or near, and want below.
std::vector<std::size_t> free_variables(const std::vector<double>& point, const LocalShape& shape,
                                        Domain domain) {
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < point.size(); ++i) {
    const bool is_held =
        domain == Domain::non_negative && point[i] <= kNear && shape.gradient[i] > 0.0;
    if (!is_held) free.push_back(i);
  }
  return free;
}

/// The Newton step of the free variables; for the others, that of the slope.
std::vector<double> direction(const LocalShape& shape, const std::vector<std::size_t>& free) {
  const std::size_t n = shape.gradient.size();
  double diagonal = 0.0;
  for (const std::size_t i : free) diagonal += shape.hessian[i * n + i];
  const double ridge = kRidge * std::max(diagonal / static_cast<double>(n), 1.0);
  std::vector<double> matrix;
  std::vector<double> step;
  for (const std::size_t i : free) {
    for (const std::size_t j : free) {
      matrix.push_back(shape.hessian[i * n + j] + (i == j ? ridge : 0.0));
    }
    step.push_back(-shape.gradient[i]);
  }
  solve(matrix, step);
  std::vector<double> all;
  for (const double slope : shape.gradient) all.push_back(-slope);
  for (std::size_t k = 0; k < free.size(); ++k) all[free[k]] = step[k];
  return all;
}

std::vector<double> moved(const std::vector<double>& from, const std::vector<double>& step,
                          double part, Domain domain) {
  std::vector<double> to(from);
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] += part * step[i];
    if (domain == Domain::non_negative) to[i] = std::max(0.0, to[i]);
  }
  return to;
}

/// What the slope promises of going from one point to another; never a loss.
double promised_gain(const LocalShape& shape, const std::vector<double>& from,
                     const std::vector<double>& to) {
  double gain = 0.0;
  for (std::size_t i = 0; i < from.size(); ++i) gain -= shape.gradient[i] * (to[i] - from[i]);
  return std::max(0.0, gain);
}

}  // namespace

std::vector<double> minimise(const ConvexFunction& function, std::vector<double> start,
                             Domain domain) {
  std::vector<double> point = std::move(start);
  if (domain == Domain::non_negative &&
      std::any_of(point.begin(), point.end(), [](double x) { return !(x >= 0.0); })) {
    fail("minimise: the start lies outside the domain");
  }
  LocalShape shape = function(point);
  for (int step_count = 0; step_count < kMostSteps; ++step_count) {
    const std::vector<double> step = direction(shape, free_variables(point, shape, domain));
    double gain = 0.0;
    for (double part = 1.0; part > kPrecise; part /= 2) {
      std::vector<double> next = moved(point, step, part, domain);
      LocalShape there = function(next);
      if (!(there.value <= shape.value - kEnough * promised_gain(shape, point, next))) continue;
      gain = shape.value - there.value;
      point = std::move(next);
      shape = std::move(there);
      break;
    }
    if (gain <= kPrecise * (1.0 + std::abs(shape.value))) break;
  }
  return point;
}

}  // namespace ebb::churn

#include "apps/churn/html_report/svg_axis.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

/// The least of 1, 2, 5, 10, 20, ... times a power of ten that is at least `least`.
double nice_step(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    // Rounding may put a power of ten slightly below itself.
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

std::vector<double> nice_ticks(double low, double high, int most) {
  if (!(high > low) || !std::isfinite(low) || !std::isfinite(high)) return {low};
  const double step = nice_step((high - low) / (most - 1));
  const double slack = step * 1e-6;
  std::vector<double> ticks;
  for (double i = std::ceil((low - slack) / step); i * step <= high + slack; ++i) {
    ticks.push_back(i == 0 ? 0.0 : i * step);  // never -0
  }
  return ticks;
}

std::vector<double> ticks_of(const Axis& axis) {
  constexpr int kMost = 6;
  if (axis.format != TickFormat::whole) return nice_ticks(axis.low, axis.high, kMost);
  const double numbers = std::floor(axis.high - axis.low) + 1;
  return nice_ticks(axis.low, axis.high, static_cast<int>(std::clamp(numbers, 2.0, 1.0 * kMost)));
}

Axis widened(Axis axis) {
  if (!std::isfinite(axis.low) || !std::isfinite(axis.high)) axis.low = axis.high = 0;
  if (axis.high <= axis.low) {
    const double half = axis.low == 0 ? 1 : std::abs(axis.low) / 10;
    axis.low -= half;
    axis.high += half;
  }
  const std::vector<double> ticks = ticks_of(axis);
  if (ticks.size() < 2) return axis;
  const double step = ticks[1] - ticks[0];
  if (axis.low < ticks.front() - step * 1e-6) axis.low = ticks.front() - step;
  if (axis.high > ticks.back() + step * 1e-6) axis.high = ticks.back() + step;
  return axis;
}

std::string tick_text(double tick, double step, TickFormat format) {
  const bool is_percent = format == TickFormat::percent;
  const double scale = is_percent ? 100 : 1;
  const auto decimals =
      std::clamp(static_cast<int>(-std::floor(std::log10(step * scale) + 1e-9)), 0, 9);
  if (is_percent) return fmt::format("{:.{}f} %", scale * tick, decimals);
  if (decimals == 0 && tick >= 1000) return format_count(tick);
  return fmt::format("{:.{}f}", tick, decimals);
}

}  // namespace ebb::churn

// An axis of a plot: its range, and the round numbers that are written beside it.
#pragma once

#include <string>
#include <vector>

namespace ebb::churn {

enum class TickFormat {
  number,  ///< as many decimals as the ticks need, commas between thousands
  whole,   ///< never between two whole numbers
  percent  ///< of a share: 0.25 is 25 %
};

struct Axis {
  std::string title;
  double low = 0;
  double high = 1;
  TickFormat format = TickFormat::number;
};

/// Multiples of 1, 2 or 5 times a power of ten in [low, high], at most `most` of them but at least
/// the densest that fit. One tick, `low`, where the range is empty or not finite.
std::vector<double> nice_ticks(double low, double high, int most = 6);

/// Those of the axis.
std::vector<double> ticks_of(const Axis& axis);

/// `axis` widened to whole ticks, so that no mark touches the edge; a range that is empty becomes
/// one around its number.
Axis widened(Axis axis);

/// The tick's text; `step` is the distance between two of them.
std::string tick_text(double tick, double step, TickFormat format);

}  // namespace ebb::churn

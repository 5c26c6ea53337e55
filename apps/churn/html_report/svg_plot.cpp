#include "apps/churn/html_report/svg_plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "apps/churn/html_report/svg_elements.h"

namespace ebb::churn {
namespace {

constexpr double kTop = 44;  // below the title and the y axis' title
constexpr double kHeight = 220;
constexpr double kRight = 346;
constexpr double kBottom = kTop + kHeight;
constexpr double kLegend = kBottom + 56;  // base line of its first row
constexpr double kLegendRow = 18;

constexpr std::array<const char*, 4> kClasses = {"mark1", "mark2", "mark3", "neutral"};
const char* class_of(Mark mark) { return kClasses[static_cast<std::size_t>(mark)]; }

double step_of(const std::vector<double>& ticks) {
  return ticks.size() < 2 ? 1 : ticks[1] - ticks[0];
}

/// Where the plane of a plot lies on the page.
class Plane {
 public:
  explicit Plane(const Plot& plot)
      : x_(plot.x), y_(plot.y), x_ticks_(ticks_of(x_)), y_ticks_(ticks_of(y_)) {
    constexpr double kGap = 8;
    double widest = 0;
    for (const double tick : y_ticks_) widest = std::max(widest, text_width(y_text(tick)));
    left_ = widest + kGap;
  }

  double x(double value) const {
    return left_ + (value - x_.low) / (x_.high - x_.low) * (kRight - left_);
  }
  double y(double value) const { return kBottom - (value - y_.low) / (y_.high - y_.low) * kHeight; }
  /// Where bars stand.
  double base() const { return y(std::clamp(0.0, y_.low, y_.high)); }

  std::string axes() const {
    std::string svg;
    for (const double tick : y_ticks_) {
      svg += svg_line(left_, y(tick), kRight, y(tick), "grid");
      svg += svg_text(left_ - 6, y(tick) + 4, y_text(tick), Anchor::end, "muted");
    }
    svg += svg_line(left_, base(), kRight, base(), "axis");
    for (const double tick : x_ticks_) {
      const std::string text = tick_text(tick, step_of(x_ticks_), x_.format);
      svg += svg_line(x(tick), kBottom, x(tick), kBottom + 4, "axis");
      const double half = text_width(text) / 2;
      const double middle = std::clamp(x(tick), half, kPlotWidth - half);
      svg += svg_text(middle, kBottom + 17, text, Anchor::middle, "muted");
    }
    svg += svg_text((left_ + kRight) / 2, kBottom + 34, x_.title, Anchor::middle, "muted");
    return svg + svg_text(0, 32, y_.title, Anchor::start, "muted");
  }

 private:
  std::string y_text(double tick) const { return tick_text(tick, step_of(y_ticks_), y_.format); }

  Axis x_;
  Axis y_;
  std::vector<double> x_ticks_;
  std::vector<double> y_ticks_;
  double left_ = 0;
};

/// A form for each mark, 8 pixels wide.
std::string point_mark(double x, double y, Mark mark) {
  constexpr double kRadius = 4;
  if (mark == Mark::first) {
    return fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"mark1 fill\"/>\n", pixels(x),
                       pixels(y), pixels(kRadius));
  }
  if (mark == Mark::second) {
    return svg_rectangle(x - kRadius, y - kRadius, 2 * kRadius, 2 * kRadius, "mark2 fill");
  }
  constexpr double kTip = 5;
  return fmt::format("<path d=\"M{0} {1}L{2} {3}L{0} {4}L{5} {3}Z\" class=\"{6} fill\"/>\n",
                     pixels(x), pixels(y - kTip), pixels(x + kTip), pixels(y), pixels(y + kTip),
                     pixels(x - kTip), class_of(mark));
}

std::string line_mark(const Plane& plane, const Series& series) {
  std::string path;
  bool is_down = false;  // the pen
  for (const Point& point : series.points) {
    const bool is_finite = std::isfinite(point.x) && std::isfinite(point.y);
    if (is_finite) {
      path += fmt::format("{}{} {}", is_down ? 'L' : 'M', pixels(plane.x(point.x)),
                          pixels(plane.y(point.y)));
    }
    is_down = is_finite;
  }
  return fmt::format("<path d=\"{}\" class=\"{} line\"/>\n", path, class_of(series.mark));
}

std::string bar_mark(const Plane& plane, const Series& series, const Point& point) {
  const double left = plane.x(point.x - series.bar_width / 2);
  const double width = plane.x(point.x + series.bar_width / 2) - left;
  const double top = std::min(plane.y(point.y), plane.base());
  const double height = std::abs(plane.y(point.y) - plane.base());
  return svg_rectangle(left, top, width, height, fmt::format("{} fill", class_of(series.mark)));
}

std::string series_marks(const Plane& plane, const Series& series) {
  std::string svg;
  for (std::size_t i = 0; i < series.intervals.size(); ++i) {
    const Interval& interval = series.intervals[i];
    if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) continue;
    const double x = plane.x(series.points[i].x);
    svg += svg_line(x, plane.y(interval.low), x, plane.y(interval.high),
                    fmt::format("{} whisker", class_of(series.mark)));
  }
  if (series.shape == Shape::line) return svg + line_mark(plane, series);
  for (const Point& point : series.points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    svg += series.shape == Shape::bars
               ? bar_mark(plane, series, point)
               : point_mark(plane.x(point.x), plane.y(point.y), series.mark);
  }
  return svg;
}

std::string legend_row(const Series& series, double base_line) {
  const double middle = base_line - 4;
  std::string sample;
  if (series.shape == Shape::line) {
    sample = svg_line(0, middle, 26, middle, fmt::format("{} line", class_of(series.mark)));
  } else if (series.shape == Shape::points) {
    sample = point_mark(13, middle, series.mark);
  } else {
    sample = svg_rectangle(8, middle - 5, 10, 10, fmt::format("{} fill", class_of(series.mark)));
  }
  return sample + svg_text(32, base_line, series.name);
}

}  // namespace

std::string to_svg(const Plot& plot) {
  const Plane plane(plot);
  std::string svg = svg_text(0, 14, plot.title, Anchor::start, "name") + plane.axes();
  for (const Series& series : plot.series) svg += series_marks(plane, series);
  double base_line = kLegend;
  for (const Series& series : plot.series) {
    if (series.name.empty()) continue;
    svg += legend_row(series, base_line);
    base_line += kLegendRow;
  }
  return svg_document(plot.id, plot.title, plot.description, base_line - kLegendRow + 8, svg);
}

}  // namespace ebb::churn

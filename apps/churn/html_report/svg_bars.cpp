#include <algorithm>

#include <fmt/format.h>

#include "apps/churn/html_report/svg_elements.h"
#include "apps/churn/html_report/svg_plot.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

constexpr double kFirst = 36;  // base line of the first name
constexpr double kRow = 36;
constexpr double kBarHeight = 12;

/// The name, cut where it is wider than the plot.
std::string fitting(std::string name) {
  if (text_width(name) <= kPlotWidth) return name;
  const auto is_inside = [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
  };
  do {
    while (is_inside(name.back())) name.pop_back();
    name.pop_back();
  } while (text_width(name + "…") > kPlotWidth);
  return name + "…";
}

}  // namespace

std::string to_svg(const BarChart& chart) {
  double low = 0;
  double high = 0;
  double text_room = 0;
  for (const Bar& bar : chart.bars) {
    low = std::min(low, bar.value - bar.error);
    high = std::max(high, bar.value + bar.error);
    text_room = std::max(text_room, text_width(bar.text) + 6);
  }
  const double scale = (kPlotWidth - text_room) / std::max(high - low, 1e-12);
  const auto x = [&](double value) { return (value - low) * scale; };

  std::string svg = svg_text(0, 14, chart.title, Anchor::start, "name");
  double base_line = kFirst;
  for (const Bar& bar : chart.bars) {
    const double top = base_line + 5;
    const double middle = top + kBarHeight / 2;
    svg += svg_text(0, base_line, fitting(bar.name));
    const double left = x(std::min(bar.value, 0.0));
    const double right = x(std::max(bar.value, 0.0));
    svg += svg_line(x(0), top - 2, x(0), top + kBarHeight + 2, "axis");
    svg += svg_rectangle(left, top, right - left, kBarHeight, "mark1 fill");
    if (bar.error > 0) {
      svg += svg_line(x(bar.value - bar.error), middle, x(bar.value + bar.error), middle, "error");
    }
    svg += svg_text(std::max(right, x(bar.value + bar.error)) + 6, middle + 4, bar.text);
    base_line += kRow;
  }
  return svg_document(chart.id, chart.title, chart.description, base_line - 10, svg);
}

}  // namespace ebb::churn

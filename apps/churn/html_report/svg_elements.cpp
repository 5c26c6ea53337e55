#include "apps/churn/html_report/svg_elements.h"

#include <fmt/format.h>

#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {

std::string pixels(double length) {
  std::string text = fmt::format("{:.1f}", length);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string svg_text(double x, double y, std::string_view text, Anchor anchor,
                     std::string_view classes) {
  const std::string_view place = anchor == Anchor::start    ? ""
                                 : anchor == Anchor::middle ? " text-anchor=\"middle\""
                                                            : " text-anchor=\"end\"";
  return fmt::format("<text x=\"{}\" y=\"{}\"{}{}>{}</text>\n", pixels(x), pixels(y), place,
                     classes.empty() ? "" : fmt::format(" class=\"{}\"", classes), escaped(text));
}

std::string svg_line(double x1, double y1, double x2, double y2, std::string_view classes) {
  return fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", pixels(x1),
                     pixels(y1), pixels(x2), pixels(y2), classes);
}

std::string svg_rectangle(double x, double y, double width, double height,
                          std::string_view classes) {
  return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"/>\n",
                     pixels(x), pixels(y), pixels(width), pixels(height), classes);
}

double text_width(std::string_view text) {
  constexpr double kPerColumn = 7.7;  // of 12 pixel letters in a wide font
  return kPerColumn * static_cast<double>(display_width(text));
}

std::string svg_document(std::string_view id, std::string_view title, std::string_view description,
                         double height, std::string_view content) {
  return fmt::format(
      "<svg id=\"{0}\" viewBox=\"0 0 {1} {2}\" role=\"img\" "
      "aria-labelledby=\"{0}-title {0}-description\">\n<title id=\"{0}-title\">{3}</title>\n"
      "<desc id=\"{0}-description\">{4}</desc>\n{5}</svg>",
      escaped(id), pixels(kPlotWidth), pixels(height), escaped(title), escaped(description),
      content);
}

}  // namespace ebb::churn

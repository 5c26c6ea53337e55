// The elements that plots are made of.
#pragma once

#include <string>
#include <string_view>

namespace ebb::churn {

inline constexpr double kPlotWidth = 360;

/// A length in the plot, in pixels, as short as a screen can tell.
std::string pixels(double length);

enum class Anchor { start, middle, end };
/// <text> at its base line, of plain text.
std::string svg_text(double x, double y, std::string_view text, Anchor anchor = Anchor::start,
                     std::string_view classes = {});

std::string svg_line(double x1, double y1, double x2, double y2, std::string_view classes);

std::string svg_rectangle(double x, double y, double width, double height,
                          std::string_view classes);

/// About how many pixels a text is wide.
double text_width(std::string_view text);

/// The whole <svg>, of this height, with the names that screen readers say.
std::string svg_document(std::string_view id, std::string_view title, std::string_view description,
                         double height, std::string_view content);

}  // namespace ebb::churn

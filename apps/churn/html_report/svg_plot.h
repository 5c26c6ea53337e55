// Plots as inline SVG. Colours, dashes and sizes of text are style.h's classes.
#pragma once

#include <string>
#include <vector>

#include "apps/churn/html_report/curves.h"
#include "apps/churn/html_report/svg_axis.h"
#include "apps/churn/metrics/bootstrap.h"

namespace ebb::churn {

/// What a series looks like: each with a colour, a dash and a form of points of its own.
enum class Mark { first, second, third, neutral };
enum class Shape { line, points, bars };

struct Series {
  std::string name;  ///< in the legend; empty: not there
  Mark mark = Mark::first;
  Shape shape = Shape::line;
  Curve points;                     ///< those that are not finite are left out
  std::vector<Interval> intervals;  ///< of y, as many as points, or none
  double bar_width = 1;             ///< of x
};

struct Plot {
  std::string id;  ///< unlike any other of the document
  std::string title;
  std::string description;  ///< what can be seen, for those who do not
  Axis x;
  Axis y;
  std::vector<Series> series;  ///< later ones over earlier ones
};

/// An <svg> as wide as its place, drawn for 360 pixels, the width of a phone.
std::string to_svg(const Plot& plot);

struct Bar {
  std::string name;  ///< shortened where it is too long
  double value = 0;
  double error = 0;  ///< a line of this length on either side of the value; 0: none
  std::string text;  ///< of the value
};

/// Bars to the right, one below the other, each below its name.
struct BarChart {
  std::string id;
  std::string title;
  std::string description;
  std::vector<Bar> bars;
};

std::string to_svg(const BarChart& chart);

}  // namespace ebb::churn

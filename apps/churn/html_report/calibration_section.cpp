#include <algorithm>

#include <fmt/format.h>

#include "apps/churn/html_report/curves.h"
#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/svg_plot.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

using Bins = std::vector<ReliabilityBin>;

/// Of the bin's probabilities, as text.
std::string range_of(const Bins& bins, std::size_t bin, const char* between) {
  const auto count = static_cast<double>(bins.size());
  const auto low = static_cast<double>(bin);
  return fmt::format("{:.3f}{}{:.3f}", low / count, between, (low + 1) / count);
}

Interval interval_of(const ReliabilityBin& bin) {
  return wilson_interval(bin.positive_share * bin.rows, bin.rows);
}

Plot calibration_plot(const Bins& bins, const Texts& words) {
  Series points{
      .name = words.happened_interval, .shape = Shape::points, .points = {}, .intervals = {}};
  for (const ReliabilityBin& bin : bins) {
    if (bin.rows == 0) continue;
    points.points.push_back({bin.mean_probability, bin.positive_share});
    points.intervals.push_back(interval_of(bin));
  }
  const Series diagonal{
      .name = words.if_right, .mark = Mark::neutral, .points = {{0, 0}, {1, 1}}, .intervals = {}};
  return {"calibration-plot",
          words.calibration_title,
          filled(words.calibration_description, points.points.size()),
          {words.predicted, 0, 1, TickFormat::percent},
          {words.happened, 0, 1, TickFormat::percent},
          {diagonal, points}};
}

Plot scores_plot(const Bins& bins, const Texts& words) {
  const auto count = static_cast<double>(bins.size());
  Series bars{.name = {}, .shape = Shape::bars, .points = {}, .intervals = {}};
  bars.bar_width = 0.9 / count;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    bars.points.push_back({(static_cast<double>(i) + 0.5) / count, bins[i].rows});
  }
  const auto most = std::ranges::max_element(bins, {}, &ReliabilityBin::rows);
  const auto place = static_cast<double>(most - bins.begin());
  return {"scores",
          words.scores_title,
          filled(words.scores_description, bins.size(), format_count(most->rows),
                 format_metric(place / count, 3), format_metric((place + 1) / count, 3)),
          {words.probability, 0, 1, TickFormat::percent},
          widened({words.number_of_customers, 0, most->rows}),
          {bars}};
}

HtmlTable calibration_table(const Bins& bins, const Texts& words) {
  HtmlTable table;
  table.caption = words.calibration_caption;
  table.header = {words.range, words.number_of_customers, words.predicted, words.happened,
                  words.interval};
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (bins[i].rows == 0) continue;
    const Interval interval = interval_of(bins[i]);
    table.rows.push_back({range_of(bins, i, "–"), format_count(bins[i].rows),
                          percent(bins[i].mean_probability), percent(bins[i].positive_share),
                          fmt::format("{}–{}", percent(interval.low), percent(interval.high))});
  }
  return table;
}

}  // namespace

Section calibration_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  const Bins& bins = data.evaluation.reliability;
  return {
      "calibration",
      words.calibration,
      paragraph(filled(words.calibration_intro,
                       percent(data.evaluation.metrics.expected_calibration_error))) +
          plot_group({to_svg(calibration_plot(bins, words)), to_svg(scores_plot(bins, words))}) +
          to_html(calibration_table(bins, words)),
      {}};
}

}  // namespace ebb::churn

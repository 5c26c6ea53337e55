#include <fmt/format.h>

#include "apps/churn/html_report/curves.h"
#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/svg_plot.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

HtmlTable confusion_matrix(const ReportData& data, const Texts& words) {
  const ConfusionMatrix& confusion = data.evaluation.metrics.confusion;
  const auto row = [](std::string name, double flagged, double not_flagged) {
    return std::vector<std::string>{std::move(name), format_count(flagged),
                                    format_count(not_flagged), format_count(flagged + not_flagged)};
  };
  HtmlTable table;
  table.caption = words.confusion_caption;
  table.header = {words.happened_class, words.flagged, words.not_flagged, words.all};
  table.rows = {
      row(filled(words.left, data.classes[1]), confusion.true_positive, confusion.false_negative),
      row(filled(words.stayed, data.classes[0]), confusion.false_positive, confusion.true_negative),
      row(words.all, confusion.true_positive + confusion.false_positive,
          confusion.false_negative + confusion.true_negative)};
  return table;
}

Plot threshold_plot(const ReportData& data, const Texts& words) {
  const Metrics& metrics = data.evaluation.metrics;
  const ThresholdCurves curves = threshold_curves(data.ranking);
  const auto line = [](const char* name, Mark mark, const Curve& curve) {
    return Series{.name = name, .mark = mark, .points = curve, .intervals = {}};
  };
  const double flagged = (metrics.confusion.true_positive + metrics.confusion.false_positive) /
                         metrics.confusion.total();
  const std::string threshold = format_metric(metrics.threshold, 3);
  return {"thresholds",
          words.threshold_title,
          filled(words.threshold_description, threshold, percent(metrics.precision),
                 percent(metrics.recall), percent(flagged)),
          {words.threshold, 0, 1, TickFormat::number},
          {{}, 0, 1, TickFormat::percent},
          {line(words.precision, Mark::first, curves.precision),
           line(words.recall, Mark::second, curves.recall),
           line(words.share_flagged, Mark::third, curves.flagged),
           Series{.name = filled(words.at_threshold, threshold),
                  .mark = Mark::neutral,
                  .points = {{metrics.threshold, 0}, {metrics.threshold, 1}},
                  .intervals = {}}}};
}

}  // namespace

Section decision_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  const std::string threshold = format_metric(data.evaluation.metrics.threshold, 4);
  const std::string intro = data.objective.empty()
                                ? filled(words.decisions_given, threshold)
                                : filled(words.decisions_chosen, threshold, data.objective);
  return {"decisions",
          words.decisions,
          paragraph(intro) + to_html(confusion_matrix(data, words)) +
              plot_group({to_svg(threshold_plot(data, words))}),
          {}};
}

}  // namespace ebb::churn

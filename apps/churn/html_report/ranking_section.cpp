#include <algorithm>

#include "apps/churn/html_report/curves.h"
#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/svg_plot.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

Axis share_axis(const char* title) { return {title, 0, 1, TickFormat::percent}; }

Series reference(const char* name, Curve points) {
  return {.name = name, .mark = Mark::neutral, .points = std::move(points), .intervals = {}};
}

Series at_threshold(const ReportData& data, const Texts& words, Point point) {
  return {.name = filled(words.at_threshold, format_metric(data.evaluation.metrics.threshold, 3)),
          .mark = Mark::second,
          .shape = Shape::points,
          .points = {point},
          .intervals = {}};
}

Series model_line(const Texts& words, const Curve& curve) {
  return {.name = words.model, .points = thinned(curve), .intervals = {}};
}

Plot roc_plot(const ReportData& data, const Texts& words) {
  const Metrics& metrics = data.evaluation.metrics;
  return {"roc",
          words.roc_title,
          filled(words.roc_description, format_metric(metrics.roc_auc, 3)),
          share_axis(words.roc_x),
          share_axis(words.roc_y),
          {reference(words.at_random, {{0, 0}, {1, 1}}), model_line(words, roc_curve(data.ranking)),
           at_threshold(data, words, {1 - metrics.confusion.specificity(), metrics.recall})}};
}

Plot precision_recall_plot(const ReportData& data, const Texts& words) {
  const Metrics& metrics = data.evaluation.metrics;
  return {"precision-recall",
          words.pr_title,
          filled(words.pr_description, format_metric(metrics.pr_auc, 3),
                 format_metric(metrics.base_rate, 3)),
          share_axis(words.recall),
          share_axis(words.precision),
          {reference(words.at_random, {{0, metrics.base_rate}, {1, metrics.base_rate}}),
           model_line(words, precision_recall_curve(data.ranking)),
           at_threshold(data, words, {metrics.recall, metrics.precision})}};
}

Plot gain_plot(const ReportData& data, const Texts& words, const std::vector<ScorePart>& tenths) {
  const Metrics& metrics = data.evaluation.metrics;
  const ConfusionMatrix& confusion = metrics.confusion;
  const double flagged = (confusion.true_positive + confusion.false_positive) / confusion.total();
  Series perfect = reference(words.perfect, {{0, 0}, {metrics.base_rate, 1}, {1, 1}});
  perfect.mark = Mark::third;
  return {"gain",
          words.gain_title,
          filled(words.gain_description, percent(tenths.front().gain_so_far)),
          share_axis(words.share_contacted),
          share_axis(words.share_leavers),
          {reference(words.at_random, {{0, 0}, {1, 1}}), perfect,
           model_line(words, gain_curve(data.ranking)),
           at_threshold(data, words, {flagged, metrics.recall})}};
}

Plot lift_plot(const Texts& words, const std::vector<ScorePart>& tenths) {
  Series bars{.name = words.model, .shape = Shape::bars, .points = {}, .intervals = {}};
  bars.bar_width = 0.8;
  double highest = 1;
  for (std::size_t i = 0; i < tenths.size(); ++i) {
    bars.points.push_back({static_cast<double>(i + 1), tenths[i].lift});
    highest = std::max(highest, tenths[i].lift);
  }
  return {"lift",
          words.lift_title,
          filled(words.lift_description, format_metric(tenths.front().lift, 2),
                 format_metric(tenths.back().lift, 2)),
          {words.tenths_x, 0.5, 10.5},
          widened({words.lift_y, 0, highest}),
          {bars, reference(words.at_random, {{0.5, 1}, {10.5, 1}})}};
}

HtmlTable tenths_table(const Texts& words, const std::vector<ScorePart>& tenths) {
  HtmlTable table;
  table.caption = words.tenths_caption;
  table.header = {words.tenth,         words.tenth_from,          words.number_of_customers,
                  words.leavers,       words.share_of_leavers_in, words.lift,
                  words.leavers_so_far};
  for (std::size_t i = 0; i < tenths.size(); ++i) {
    const ScorePart& part = tenths[i];
    table.rows.push_back({fmt::format("{}", i + 1), format_metric(part.lowest_score, 3),
                          fmt::format("{:.1f}", part.rows), fmt::format("{:.1f}", part.positives),
                          percent(part.positives / part.rows), format_metric(part.lift, 2),
                          percent(part.gain_so_far)});
  }
  return table;
}

}  // namespace

Section ranking_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  const std::vector<ScorePart> tenths = score_parts(data.ranking);
  std::string content = paragraph(words.ranking_intro);
  if (roc_curve(data.ranking).empty()) {
    content += paragraph(words.one_class_sentence);
  } else {
    content +=
        plot_group({to_svg(roc_plot(data, words)), to_svg(precision_recall_plot(data, words)),
                    to_svg(gain_plot(data, words, tenths)), to_svg(lift_plot(words, tenths))});
    content += to_html(tenths_table(words, tenths));
  }
  return {"ranking", words.ranking, content, {}};
}

}  // namespace ebb::churn

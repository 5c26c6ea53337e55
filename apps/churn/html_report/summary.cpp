#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

/// Between two sentences.
const char* blank(const ReportData& data) { return data.language == Language::chinese ? "" : " "; }

std::string measured_sentence(const ReportData& data, const Texts& words) {
  const char* const sentence = data.measured == MeasuredRows::test_rows ? words.measured_test_rows
                               : data.measured == MeasuredRows::whole_table
                                   ? words.measured_whole
                                   : words.measured_seen_rows;
  return filled(sentence, filled(words.rows, format_count(data.evaluation.metrics.rows)),
                data.source);
}

std::string auc_sentences(const ReportData& data, const Texts& words) {
  const Metrics& metrics = data.evaluation.metrics;
  std::string text = filled(words.auc_sentence, format_count(std::round(100 * metrics.roc_auc)),
                            format_metric(metrics.roc_auc, 3));
  const auto named = named_metrics(metrics);
  const auto place = std::ranges::find(named, "roc_auc", &NamedMetric::name) - named.begin();
  if (data.evaluation.intervals.empty()) return text;
  const Interval& interval = data.evaluation.intervals[static_cast<std::size_t>(place)];
  if (std::isfinite(interval.low)) {
    text += blank(data) + filled(words.auc_interval, format_metric(interval.low, 3),
                                 format_metric(interval.high, 3));
  }
  return text;
}

/// What the threshold means for 1,000 customers. Sums are of rounded numbers, so that they add up.
std::string threshold_sentences(const ReportData& data, const Texts& words) {
  const Metrics& metrics = data.evaluation.metrics;
  const ConfusionMatrix& confusion = metrics.confusion;
  const auto of_thousand = [&](double rows) { return std::round(1000 * rows / confusion.total()); };
  const double right = of_thousand(confusion.true_positive);
  const double wrong = of_thousand(confusion.false_positive);
  const double missed = of_thousand(confusion.false_negative);
  std::string text = filled(words.flagged_sentence, format_metric(metrics.threshold, 3),
                            format_count(right + wrong), format_count(right), format_count(wrong),
                            format_count(missed), format_count(right + missed));
  if (!std::isnan(metrics.precision)) {
    text += blank(data) +
            filled(words.flagged_right, percent(metrics.precision), percent(metrics.base_rate));
  }
  return text;
}

std::string tiles(const ReportData& data, const Texts& words) {
  const Metrics& metrics = data.evaluation.metrics;
  const auto name = [&](const char* metric) {
    return std::string(figure_text(data.language, metric).name);
  };
  const std::vector<std::pair<std::string, std::string>> figures = {
      {words.customers, format_count(metrics.rows)},
      {words.base_rate, percent(metrics.base_rate)},
      {name("roc_auc"), format_metric(metrics.roc_auc, 3)},
      {name("pr_auc"), format_metric(metrics.pr_auc, 3)},
      {name("lift_at_10_percent"), format_metric(metrics.lift_at_10_percent, 2)},
      {words.threshold, format_metric(metrics.threshold, 3)}};
  std::string html = "<dl class=\"tiles\">\n";
  for (const auto& [label, value] : figures) {
    html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(label), escaped(value));
  }
  return html + "</dl>\n";
}

}  // namespace

std::string percent(double share, int digits) {
  return std::isnan(share) ? "-" : fmt::format("{:.{}f} %", 100 * share, digits);
}

std::string summary(const ReportData& data) {
  const Texts& words = texts(data.language);
  const Metrics& metrics = data.evaluation.metrics;
  std::string text = paragraph(measured_sentence(data, words) + blank(data) +
                               filled(words.base_rate_sentence, percent(metrics.base_rate)));
  if (std::isnan(metrics.roc_auc)) {
    text += paragraph(words.one_class_sentence);
  } else {
    text += paragraph(auc_sentences(data, words) + blank(data) +
                      filled(words.lift_sentence, format_metric(metrics.lift_at_10_percent, 1)));
  }
  if (metrics.rows > 0) text += paragraph(threshold_sentences(data, words));
  return fmt::format(
      "<section class=\"summary\" aria-labelledby=\"summary-heading\">\n"
      "<h2 id=\"summary-heading\">{}</h2>\n{}</section>\n{}",
      escaped(words.summary), text, tiles(data, words));
}

}  // namespace ebb::churn

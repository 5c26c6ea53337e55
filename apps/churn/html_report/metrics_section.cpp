#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {

Section metrics_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  const Evaluation& evaluation = data.evaluation;
  const bool has_intervals = !evaluation.intervals.empty();
  HtmlTable table;
  table.caption = filled(words.metrics_caption, format_count(evaluation.metrics.rows));
  table.header = {words.metric, words.value};
  if (has_intervals) table.header.insert(table.header.end(), {words.from, words.to});
  table.header.push_back(words.meaning);
  const std::vector<NamedFigure> figures = named_figures(evaluation.metrics, evaluation.campaign);
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const FigureText text = figure_text(data.language, figures[i].name);
    std::vector<std::string> row = {std::string(text.name), format_metric(figures[i].value)};
    if (has_intervals) {
      row.push_back(format_metric(evaluation.intervals[i].low));
      row.push_back(format_metric(evaluation.intervals[i].high));
    }
    row.emplace_back(text.meaning);
    table.rows.push_back(std::move(row));
  }
  table.ends_in_words = true;
  std::string content = to_html(table);
  if (has_intervals) {
    content += paragraph(filled(words.metrics_intervals, format_count(data.bootstrap_samples)));
  }
  return {"metrics", words.metrics, content, {}};
}

}  // namespace ebb::churn

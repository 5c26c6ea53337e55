#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/svg_plot.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

constexpr std::size_t kMostShown = 20;

/// In four decimals, without "-0.0000".
std::string rounded(double value) { return format_metric(std::abs(value) < 5e-5 ? 0.0 : value); }

std::string with_error(double value, double error) {
  return fmt::format("{} ± {}", rounded(value), rounded(error));
}

}  // namespace

Section importance_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  Section section{"importance", words.importance, {}, words.importance_option};
  if (data.importance.empty()) return section;
  const std::size_t shown = std::min(data.importance.size(), kMostShown);
  const ColumnImportance& first = data.importance.front();
  BarChart chart{
      "importance-plot",
      words.importance_title,
      filled(words.importance_description, first.columns, rounded(first.importance.log_loss_rise)),
      {}};
  HtmlTable table;
  table.caption = words.importance_caption;
  table.header = {words.columns, words.log_loss_rise, words.auc_fall};
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [columns, importance] = data.importance[i];
    chart.bars.push_back({columns, importance.log_loss_rise, importance.log_loss_error,
                          rounded(importance.log_loss_rise)});
    table.rows.push_back({columns, with_error(importance.log_loss_rise, importance.log_loss_error),
                          with_error(importance.auc_fall, importance.auc_error)});
  }
  section.content = paragraph(filled(words.importance_intro, format_count(data.importance_rows))) +
                    plot_group({to_svg(chart)}) + to_html(table);
  if (shown < data.importance.size()) {
    section.content += paragraph(filled(words.importance_more, data.importance.size() - shown));
  }
  return section;
}

}  // namespace ebb::churn

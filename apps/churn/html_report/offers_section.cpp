#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/svg_plot.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {

Section offers_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  Section section{"offers", words.offers, {}, "--offers"};
  if (!data.offers) return section;
  HtmlTable table;
  table.caption = words.offers_caption;
  table.header = {words.action, words.number_of_customers, words.cost, words.expected_gain};
  BarChart chart{"offers-plot", words.offers_title, {}, {}};
  ActionTotal all;
  for (const ActionTotal& action : data.offers->actions) {
    table.rows.push_back({action.name, format_count(action.customers),
                          format_metric(action.cost, 2), format_metric(action.gain, 2)});
    chart.bars.push_back({action.name, action.gain, 0, format_metric(action.gain, 2)});
    all.customers += action.customers;
    all.cost += action.cost;
    all.gain += action.gain;
  }
  table.rows.push_back(
      {words.no_action, format_count(data.offers->customers - all.customers), "", ""});
  table.rows.push_back({words.all, format_count(data.offers->customers), format_metric(all.cost, 2),
                        format_metric(all.gain, 2)});
  section.content = paragraph(filled(words.offers_intro, format_count(all.customers),
                                     format_count(data.offers->customers),
                                     format_metric(all.cost, 2), format_metric(all.gain, 2)));
  if (!chart.bars.empty()) {
    chart.description =
        filled(words.offers_description, chart.bars.front().name, chart.bars.front().text);
    section.content += plot_group({to_svg(chart)});
  }
  section.content += to_html(table);
  return section;
}

}  // namespace ebb::churn

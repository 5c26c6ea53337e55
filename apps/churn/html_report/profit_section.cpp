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

std::string money(double amount) { return fmt::format("{:.2f}", amount); }

/// Where the flagged stand on the curve.
Point flagged_point(const Metrics& metrics, const Campaign& campaign) {
  const ConfusionMatrix& confusion = metrics.confusion;
  return {(confusion.true_positive + confusion.false_positive) / confusion.total(),
          campaign_profit(confusion, campaign) / confusion.total()};
}

Plot profit_plot(const ReportData& data, const Curve& curve, Point best, const Texts& words) {
  const auto [lowest, highest] = std::ranges::minmax_element(curve, {}, &Point::y);
  const Point flagged = flagged_point(data.evaluation.metrics, *data.campaign);
  const auto point = [](std::string name, Mark mark, Point place) {
    return Series{.name = std::move(name),
                  .mark = mark,
                  .shape = Shape::points,
                  .points = {place},
                  .intervals = {}};
  };
  return {"profit-plot",
          words.profit_title,
          filled(words.profit_description, money(best.y), percent(best.x)),
          {words.share_contacted, 0, 1, TickFormat::percent},
          widened({words.profit_y, lowest->y, highest->y}),
          {Series{.name = words.at_random,
                  .mark = Mark::neutral,
                  .points = {{0, 0}, curve.back()},
                  .intervals = {}},
           Series{.name = words.model, .points = thinned(curve), .intervals = {}},
           point(filled(words.profit_best, percent(best.x), money(best.y)), Mark::third, best),
           point(filled(words.at_threshold, format_metric(data.evaluation.metrics.threshold, 3)),
                 Mark::second, flagged)}};
}

HtmlTable profit_table(const ReportData& data, const Curve& curve, Point best, const Texts& words) {
  const Metrics& metrics = data.evaluation.metrics;
  const auto row = [](std::string who, Point point) {
    return std::vector<std::string>{std::move(who), percent(point.x), money(point.y),
                                    money(1000 * point.y)};
  };
  HtmlTable table;
  table.caption = words.profit_caption;
  table.header = {words.contacted, words.share, words.profit_title, words.per_thousand};
  table.rows = {row(words.profit_nobody, {0, 0}),
                row(filled(words.profit_flagged, format_metric(metrics.threshold, 3)),
                    flagged_point(metrics, *data.campaign)),
                row(words.profit_most, best), row(words.profit_everyone, curve.back())};
  return table;
}

}  // namespace

Section profit_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  Section section{"profit", words.profit, {}, words.profit_option};
  if (!data.campaign || data.ranking.empty()) return section;
  const Campaign& campaign = *data.campaign;
  const Curve curve = profit_curve(data.ranking, campaign);
  const Point best = *std::ranges::max_element(curve, {}, &Point::y);
  section.content = paragraph(filled(words.profit_intro, money(campaign.customer_value),
                                     money(campaign.incentive_cost), money(campaign.contact_cost),
                                     percent(campaign.acceptance_rate))) +
                    plot_group({to_svg(profit_plot(data, curve, best, words))}) +
                    to_html(profit_table(data, curve, best, words));
  return section;
}

}  // namespace ebb::churn

#include <algorithm>

#include <fmt/format.h>

#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/svg_plot.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

constexpr std::size_t kMostTrialsShown = 10;

std::vector<TriedSettings> finished_trials(const SearchHistory& history) {
  std::vector<TriedSettings> finished;
  for (const TriedSettings& trial : history.trials) {
    if (trial.outcome == TrialOutcome::finished) finished.push_back(trial);
  }
  return finished;
}

Plot search_plot(const SearchHistory& history, const std::vector<TriedSettings>& finished,
                 const TriedSettings& best, const Texts& words) {
  Series each{.name = words.trial, .shape = Shape::points, .points = {}, .intervals = {}};
  Series so_far{.name = words.best_so_far, .mark = Mark::second, .points = {}, .intervals = {}};
  Axis values{history.metric.name, best.value, best.value};
  double least = history.metric.loss_of(finished.front().value);
  for (const TriedSettings& trial : finished) {
    least = std::min(least, history.metric.loss_of(trial.value));
    const auto number = static_cast<double>(trial.number + 1);
    each.points.push_back({number, trial.value});
    so_far.points.push_back({number, history.metric.loss_of(least)});
    values.low = std::min(values.low, trial.value);
    values.high = std::max(values.high, trial.value);
  }
  const double last = static_cast<double>(history.trials.back().number + 1);
  return {
      .id = "search-plot",
      .title = words.search_title,
      .description = filled(words.search_description, best.number + 1, format_metric(best.value)),
      .x = {words.trial, 1, std::max(last, 2.0), TickFormat::whole},
      .y = widened(values),
      .series = {std::move(each), std::move(so_far)}};
}

}  // namespace

Section search_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  Section section{"search", words.search, {}, "--search"};
  if (!data.search) return section;
  std::vector<TriedSettings> finished = finished_trials(*data.search);
  if (finished.empty()) {
    section.content = paragraph(filled(words.search_none, data.search->trials.size()));
    return section;
  }
  const SearchMetric& metric = data.search->metric;
  const auto by_loss = [&](const TriedSettings& trial) { return metric.loss_of(trial.value); };
  const TriedSettings best = *std::ranges::min_element(finished, {}, by_loss);
  section.content =
      paragraph(filled(words.search_intro, data.search->trials.size(), data.search->method,
                       best.number + 1, metric.name, format_metric(best.value))) +
      plot_group({to_svg(search_plot(*data.search, finished, best, words))});
  std::ranges::stable_sort(finished, {}, by_loss);
  HtmlTable table;
  table.caption = words.search_caption;
  table.header = {words.trial, metric.name, words.settings};
  table.ends_in_words = true;
  for (std::size_t i = 0; i < std::min(finished.size(), kMostTrialsShown); ++i) {
    table.rows.push_back({fmt::format("{}", finished[i].number + 1),
                          format_metric(finished[i].value), finished[i].settings});
  }
  section.content += to_html(table);
  return section;
}

}  // namespace ebb::churn

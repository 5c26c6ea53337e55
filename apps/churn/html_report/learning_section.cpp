#include <algorithm>

#include <fmt/format.h>

#include "apps/churn/html_report/html_writer.h"
#include "apps/churn/html_report/sections.h"
#include "apps/churn/html_report/svg_plot.h"
#include "apps/churn/html_report/texts.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

using History = std::vector<EpochRecord>;

Series by_epoch(const History& history, const char* name, Mark mark, double EpochRecord::*figure) {
  Series series{.name = name, .mark = mark, .points = {}, .intervals = {}};
  for (const EpochRecord& record : history) {
    series.points.push_back({static_cast<double>(record.epoch), record.*figure});
  }
  series.points = thinned(series.points);
  return series;
}

/// The last epoch that was better than all before it; the first where none is marked.
const EpochRecord& best_epoch(const History& history) {
  const auto best = std::find_if(history.rbegin(), history.rend(),
                                 [](const EpochRecord& record) { return record.best; });
  return best != history.rend() ? *best : history.front();
}

Series best_point(const History& history, const Texts& words, double EpochRecord::*figure) {
  const EpochRecord& best = best_epoch(history);
  return {.name = words.best_epoch,
          .mark = Mark::third,
          .shape = Shape::points,
          .points = {{static_cast<double>(best.epoch), best.*figure}},
          .intervals = {}};
}

/// An axis that holds all points of all series.
Axis around(const char* title, const std::vector<Series>& series) {
  Axis axis{title, series.front().points.front().y, series.front().points.front().y};
  for (const Series& one : series) {
    for (const Point& point : one.points) {
      axis.low = std::min(axis.low, point.y);
      axis.high = std::max(axis.high, point.y);
    }
  }
  return widened(axis);
}

Axis epochs(const History& history, const Texts& words) {
  const auto first = static_cast<double>(history.front().epoch);
  return {words.epoch, first, std::max(static_cast<double>(history.back().epoch), first + 1),
          TickFormat::whole};
}

Plot loss_plot(const History& history, const Texts& words) {
  const EpochRecord& best = best_epoch(history);
  std::vector<Series> series = {
      by_epoch(history, words.training_rows, Mark::first, &EpochRecord::train_loss),
      by_epoch(history, words.validation_rows, Mark::second, &EpochRecord::validation_loss),
      best_point(history, words, &EpochRecord::validation_loss)};
  const Axis y = around(words.log_loss, series);
  return {"loss",
          words.loss_title,
          filled(words.loss_description, best.epoch, format_metric(best.validation_loss)),
          epochs(history, words),
          y,
          std::move(series)};
}

Plot auc_plot(const History& history, const Texts& words) {
  const EpochRecord& best = best_epoch(history);
  std::vector<Series> series = {
      by_epoch(history, words.validation_rows, Mark::second, &EpochRecord::validation_auc),
      best_point(history, words, &EpochRecord::validation_auc)};
  const Axis y = around("ROC-AUC", series);
  return {"validation-auc",
          words.validation_auc_title,
          filled(words.validation_auc_description, best.epoch, format_metric(best.validation_auc)),
          epochs(history, words),
          y,
          std::move(series)};
}

}  // namespace

Section learning_section(const ReportData& data) {
  const Texts& words = texts(data.language);
  const History& history = data.history;
  Section section{"learning", words.learning, {}, words.learning_option};
  if (history.empty()) return section;
  section.content =
      paragraph(filled(words.learning_intro, history.back().epoch, best_epoch(history).epoch)) +
      plot_group({to_svg(loss_plot(history, words)), to_svg(auc_plot(history, words))});
  return section;
}

}  // namespace ebb::churn

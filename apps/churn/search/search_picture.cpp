#include "apps/churn/search/search_picture.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/churn/reporting/markup.h"
#include "apps/churn/reporting/text_table.h"

namespace ebb::churn {
namespace {

constexpr double kWidth = 900.0;
constexpr double kMargin = 60.0;
constexpr double kCurveHeight = 240.0;
constexpr double kPanelHeight = 170.0;
constexpr std::size_t kPanelsPerRow = 3;
constexpr double kGap = 50.0;

/// A rectangle of the picture, and the values that its height stands for.
struct Panel {
  double left = 0.0;
  double top = 0.0;
  double width = 0.0;
  double height = 0.0;
  double lowest = 0.0;
  double highest = 1.0;

  /// The place of a share of the width.
  [[nodiscard]] double x(double share) const { return left + share * width; }
  [[nodiscard]] double y(double value) const {
    const double share = (value - lowest) / (highest - lowest);
    return top + height * (1.0 - std::clamp(share, 0.0, 1.0));
  }
};

std::string text_at(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     escaped(printable(text)));
}

std::string frame(const Panel& panel, std::string_view heading) {
  return fmt::format(
             "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
             "class=\"frame\"/>\n",
             panel.left, panel.top, panel.width, panel.height) +
         text_at(panel.left, panel.top - 8, "start", heading);
}

/// The numbers at the ends of the vertical axis.
std::string ends(const Panel& panel) {
  return text_at(panel.left - 6, panel.top + 10, "end", fmt::format("{:.4g}", panel.highest)) +
         text_at(panel.left - 6, panel.top + panel.height, "end",
                 fmt::format("{:.4g}", panel.lowest));
}

std::string dot(const Panel& panel, double share, const Trial& trial, bool is_best) {
  const char* kind = is_best                                  ? "best"
                     : trial.outcome == TrialOutcome::stopped ? "stopped"
                                                              : "trial";
  return fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" class=\"{}\"><title>{}</title></circle>\n",
      panel.x(share), panel.y(trial.value), is_best ? 5 : 3, kind,
      fmt::format("trial {}: {:.6g}", trial.number + 1, trial.value));
}

class SearchPicture {
 public:
  SearchPicture(const SearchSpace& space, const std::vector<Trial>& trials,
                const SearchMetric& metric)
      : space_(space), metric_(metric), best_(best_trial(trials, metric)) {
    for (const Trial& trial : trials) {
      if (trial.outcome != TrialOutcome::failed) trials_.push_back(&trial);
    }
    std::sort(trials_.begin(), trials_.end(),
              [](const Trial* a, const Trial* b) { return a->number < b->number; });
    find_limits();
  }

  [[nodiscard]] std::string svg() const {
    const std::size_t panels = space_.parameters().size();
    const std::size_t rows = (panels + kPanelsPerRow - 1) / kPanelsPerRow;
    const double height =
        2 * kMargin + kCurveHeight + static_cast<double>(rows) * (kPanelHeight + kGap);
    std::string svg = header(height) + curve();
    for (std::size_t i = 0; i < panels; ++i) svg += parameter_panel(i);
    return svg + "</svg>\n";
  }

 private:
  /// The worst quarter lies on the edge, so that the rest can be told apart.
  void find_limits() {
    if (trials_.empty()) return;
    std::vector<double> losses;
    for (const Trial* trial : trials_) losses.push_back(metric_.loss_of(trial->value));
    std::sort(losses.begin(), losses.end());
    const double best = losses.front();
    const double worst = losses[(losses.size() - 1) * 3 / 4];
    const double room = worst > best ? 0.05 * (worst - best) : 0.05 * std::abs(best) + 1e-9;
    lowest_ = std::min(metric_.loss_of(best - room), metric_.loss_of(worst + room));
    highest_ = std::max(metric_.loss_of(best - room), metric_.loss_of(worst + room));
  }

  [[nodiscard]] std::string header(double height) const {
    const std::string title = fmt::format("Search for the best {}", metric_.name);
    const std::string found =
        best_ == nullptr
            ? std::string("no trial was finished")
            : fmt::format("the best is trial {} with {} {:.6g}: {}", best_->number + 1,
                          metric_.name, best_->value, printable(describe(best_->assignment)));
    return fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}" role="img" aria-labelledby="title description">
<title id="title">{2}</title>
<desc id="description">{3}; {4}. Hollow dots are trials that were stopped early. Dots on an edge may lie beyond it.</desc>
<style>
text {{ font: 12px sans-serif; fill: #333333; }}
.frame {{ fill: none; stroke: #bbbbbb; }}
.trial {{ fill: #4477aa; fill-opacity: 0.6; }}
.stopped {{ fill: none; stroke: #4477aa; stroke-opacity: 0.6; }}
.best {{ fill: #ee6677; }}
.line {{ fill: none; stroke: #ee6677; stroke-width: 1.5; }}
</style>
<rect width="100%" height="100%" fill="#ffffff"/>
)",
        kWidth, height, escaped(title), escaped(format_counted(trials_.size(), "trial")),
        escaped(found));
  }

  [[nodiscard]] std::string curve() const {
    const Panel panel{kMargin, kMargin, kWidth - 2 * kMargin, kCurveHeight, lowest_, highest_};
    const std::size_t last = trials_.empty() ? 1 : std::max<std::size_t>(trials_.back()->number, 1);
    const auto share = [&](const Trial& trial) {
      return static_cast<double>(trial.number) / static_cast<double>(last);
    };
    std::string svg =
        frame(panel, fmt::format("{} by trial, and the best so far", metric_.name)) + ends(panel);
    std::string points;
    const Trial* best = nullptr;
    for (const Trial* trial : trials_) {
      const bool is_better =
          trial->outcome == TrialOutcome::finished &&
          (best == nullptr || metric_.loss_of(trial->value) < metric_.loss_of(best->value));
      const double x = panel.x(share(*trial));
      if (is_better && best != nullptr) {
        points += fmt::format(" {:.1f},{:.1f}", x, panel.y(best->value));
      }
      if (is_better) best = trial;
      if (best != nullptr) points += fmt::format(" {:.1f},{:.1f}", x, panel.y(best->value));
    }
    svg += fmt::format("<polyline class=\"line\" points=\"{}\"/>\n",
                       points.empty() ? points : points.substr(1));
    for (const Trial* trial : trials_) svg += dot(panel, share(*trial), *trial, trial == best_);
    const double below = panel.top + panel.height + 16;
    svg += text_at(panel.left, below, "start", "1");
    return svg + text_at(panel.x(1.0), below, "end", fmt::format("{}", last + 1));
  }

  [[nodiscard]] std::string parameter_panel(std::size_t number) const {
    const SearchParameter& parameter = space_.parameters()[number];
    const auto column = static_cast<double>(number % kPanelsPerRow);
    const auto row = static_cast<double>(number / kPanelsPerRow);
    const double width = (kWidth - 2 * kMargin - (kPanelsPerRow - 1) * kGap) / kPanelsPerRow;
    const Panel panel{kMargin + column * (width + kGap),
                      kMargin + kCurveHeight + kGap + 20 + row * (kPanelHeight + kGap),
                      width,
                      kPanelHeight - 30,
                      lowest_,
                      highest_};
    std::string svg = frame(panel, parameter.name);
    if (number % kPanelsPerRow == 0) svg += ends(panel);
    for (const Trial* trial : trials_) {
      if (!trial->assignment.contains(parameter.name)) continue;
      svg += dot(panel, space_.point_of(trial->assignment)[number], *trial, trial == best_);
    }
    return svg + axis(panel, parameter);
  }

  static std::string axis(const Panel& panel, const SearchParameter& parameter) {
    const double below = panel.top + panel.height + 16;
    std::string svg;
    const auto count = static_cast<double>(parameter.values.size());
    for (std::size_t i = 0; i < parameter.values.size(); ++i) {
      const double share = (static_cast<double>(i) + 0.5) / count;
      // Names would run into each other on one line.
      const double line = parameter.is_ordered() || i % 2 == 0 ? below : below + 12;
      const auto* name = std::get_if<std::string>(&parameter.values[i]);
      svg += text_at(panel.x(share), line, "middle",
                     name != nullptr ? *name : describe(parameter.values[i]));
    }
    if (!parameter.values.empty()) return svg;
    svg += text_at(panel.left, below, "start", fmt::format("{:.4g}", parameter.range.low));
    svg += text_at(panel.x(0.5), below, "middle", parameter.range.log ? "log" : "");
    return svg + text_at(panel.x(1.0), below, "end", fmt::format("{:.4g}", parameter.range.high));
  }

  const SearchSpace& space_;
  const SearchMetric& metric_;
  const Trial* best_;
  std::vector<const Trial*> trials_;  // by number, without failed ones
  double lowest_ = 0.0;
  double highest_ = 1.0;
};

}  // namespace

std::string search_picture(const SearchSpace& space, const std::vector<Trial>& trials,
                           const SearchMetric& metric) {
  return SearchPicture(space, trials, metric).svg();
}

}  // namespace ebb::churn

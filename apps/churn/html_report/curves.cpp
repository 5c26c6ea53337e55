#include "apps/churn/html_report/curves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// `start`, then a point for what is flagged down to each group.
template <class Place>
Curve curve_of(const std::vector<ScoreGroup>& ranking, Point start, Place&& place) {
  Curve curve = {start};
  curve.reserve(ranking.size() + 1);
  ClassTotals flagged;
  for (const ScoreGroup& group : ranking) {
    flagged.positive += group.positive;
    flagged.negative += group.negative;
    curve.push_back(place(flagged));
  }
  return curve;
}

double size(const ClassTotals& rows) { return rows.positive + rows.negative; }

}  // namespace

Curve roc_curve(const std::vector<ScoreGroup>& ranking) {
  const ClassTotals all = class_totals(ranking);
  if (all.positive == 0 || all.negative == 0) return {};
  return curve_of(ranking, {0, 0}, [&](const ClassTotals& flagged) {
    return Point{flagged.negative / all.negative, flagged.positive / all.positive};
  });
}

Curve precision_recall_curve(const std::vector<ScoreGroup>& ranking) {
  const ClassTotals all = class_totals(ranking);
  if (all.positive == 0) return {};
  return curve_of(ranking, {0, 1}, [&](const ClassTotals& flagged) {
    return Point{flagged.positive / all.positive, flagged.positive / size(flagged)};
  });
}

Curve gain_curve(const std::vector<ScoreGroup>& ranking) {
  const ClassTotals all = class_totals(ranking);
  if (all.positive == 0) return {};
  return curve_of(ranking, {0, 0}, [&](const ClassTotals& flagged) {
    return Point{size(flagged) / size(all), flagged.positive / all.positive};
  });
}

Curve profit_curve(const std::vector<ScoreGroup>& ranking, const Campaign& campaign) {
  const ClassTotals all = class_totals(ranking);
  if (size(all) == 0) return {};
  return curve_of(ranking, {0, 0}, [&](const ClassTotals& flagged) {
    ConfusionMatrix outcome;
    outcome.true_positive = flagged.positive;
    outcome.false_positive = flagged.negative;
    return Point{size(flagged) / size(all), campaign_profit(outcome, campaign) / size(all)};
  });
}

std::vector<ScorePart> score_parts(const std::vector<ScoreGroup>& ranking, int parts) {
  if (parts < 1) fail<Error>("score_parts: {} parts, expected 1 at least", parts);
  const ClassTotals all = class_totals(ranking);
  if (size(all) == 0) return {};
  std::vector<ScorePart> found;
  double rows_before = 0;       // in parts that are done
  double positives_before = 0;  // likewise
  double rows = 0;              // in groups that are used up
  double positives = 0;
  auto group = ranking.begin();
  for (int part = 1; part <= parts; ++part) {
    const double border = size(all) * part / parts;
    const auto weight = [&] { return group->positive + group->negative; };
    // The last group is left to the last part, whatever rounding says.
    while (group + 1 != ranking.end() && rows + weight() <= border) {
      rows += weight();
      positives += group->positive;
      ++group;
    }
    const double cut = part == parts ? weight() : border - rows;
    const double positives_so_far = positives + group->positive * (cut / weight());
    ScorePart one;
    one.rows = border - rows_before;
    one.positives = positives_so_far - positives_before;
    // A group that begins at the border belongs to the next part.
    one.lowest_score = cut > 0 || group == ranking.begin() ? group->score : (group - 1)->score;
    const bool is_defined = all.positive > 0;
    one.lift = is_defined ? one.positives / one.rows / (all.positive / size(all)) : kUndefined;
    one.gain_so_far = is_defined ? positives_so_far / all.positive : kUndefined;
    found.push_back(one);
    rows_before = border;
    positives_before = positives_so_far;
  }
  return found;
}

ThresholdCurves threshold_curves(const std::vector<ScoreGroup>& ranking, int points) {
  const ClassTotals all = class_totals(ranking);
  ThresholdCurves curves;
  ClassTotals flagged = all;
  auto lowest = ranking.rbegin();  // of the groups that are flagged
  for (int i = 0; i < points; ++i) {
    const double threshold = static_cast<double>(i) / (points - 1);
    for (; lowest != ranking.rend() && !is_flagged(lowest->score, threshold); ++lowest) {
      flagged.positive -= lowest->positive;
      flagged.negative -= lowest->negative;
    }
    const bool has_flagged = lowest != ranking.rend();
    curves.precision.push_back(
        {threshold, has_flagged ? flagged.positive / size(flagged) : kUndefined});
    curves.recall.push_back({threshold, flagged.positive / all.positive});
    curves.flagged.push_back({threshold, size(flagged) / size(all)});
  }
  return curves;
}

Curve thinned(const Curve& curve, std::size_t buckets) {
  if (buckets < 1) fail<Error>("thinned: no buckets, expected 1 at least");
  if (curve.size() <= 4 * buckets) return curve;
  const double low = curve.front().x;
  const double range = curve.back().x - low;
  const auto bucket_of = [&](const Point& point) {
    const double place = (point.x - low) / range * static_cast<double>(buckets);
    return range > 0 ? std::min(static_cast<std::size_t>(place), buckets - 1) : std::size_t{0};
  };
  Curve kept;
  for (auto begin = curve.begin(); begin != curve.end();) {
    const auto end = std::find_if(begin, curve.end(), [&](const Point& point) {
      return bucket_of(point) != bucket_of(*begin);
    });
    const auto [lowest, highest] =
        std::minmax_element(begin, end, [](const Point& a, const Point& b) { return a.y < b.y; });
    std::array corners = {begin, lowest, highest, end - 1};
    std::ranges::sort(corners);
    for (std::size_t i = 0; i < corners.size(); ++i) {
      if (i == 0 || corners[i] != corners[i - 1]) kept.push_back(*corners[i]);
    }
    begin = end;
  }
  return kept;
}

Interval wilson_interval(double positives, double rows) {
  if (!(rows > 0)) return {kUndefined, kUndefined};
  constexpr double kZ = 1.959963984540054;  // leaves 2.5 % of the normal distribution above
  const double share = positives / rows;
  const double scale = 1 + kZ * kZ / rows;
  const double middle = (share + kZ * kZ / (2 * rows)) / scale;
  const double half =
      kZ / scale * std::sqrt(share * (1 - share) / rows + kZ * kZ / (4 * rows * rows));
  return {std::max(middle - half, 0.0), std::min(middle + half, 1.0)};
}

}  // namespace ebb::churn

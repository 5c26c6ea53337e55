#include "apps/churn/explanation/partial_dependence.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "apps/churn/training/predictor.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;

std::vector<std::size_t> number_rows(const Column& column, std::vector<std::size_t> rows,
                                     std::size_t most) {
  std::ranges::stable_sort(rows, {}, [&](std::size_t row) { return column.numbers[row]; });
  std::vector<std::size_t> grid;
  for (std::size_t i = 0; i < most && !rows.empty(); ++i) {
    const double place = most == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(most - 1);
    const auto rank =
        static_cast<std::size_t>(std::lround(place * static_cast<double>(rows.size() - 1)));
    if (grid.empty() || column.numbers[rows[rank]] != column.numbers[grid.back()]) {
      grid.push_back(rows[rank]);
    }
  }
  return grid;
}

std::vector<std::size_t> text_rows(const Column& column, const std::vector<std::size_t>& rows,
                                   std::size_t most) {
  struct Level {
    std::size_t first_row = 0;
    std::size_t count = 0;
  };
  std::vector<Level> levels(column.levels.size());
  for (const std::size_t row : rows) {
    Level& level = levels[static_cast<std::size_t>(column.codes[row])];
    if (level.count++ == 0) level.first_row = row;
  }
  std::erase_if(levels, [](const Level& level) { return level.count == 0; });
  std::ranges::stable_sort(levels, std::greater<>(), &Level::count);
  levels.resize(std::min(levels.size(), most));
  std::vector<std::size_t> grid;
  for (const Level& level : levels) grid.push_back(level.first_row);
  return grid;
}

}  // namespace

std::vector<std::size_t> grid_rows(const Column& column, std::size_t most) {
  std::vector<std::size_t> present;
  std::optional<std::size_t> missing;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!column.is_missing(row)) {
      present.push_back(row);
    } else if (!missing) {
      missing = row;
    }
  }
  std::vector<std::size_t> grid = column.is_number() ? number_rows(column, present, most)
                                                     : text_rows(as_text(column), present, most);
  if (missing) grid.push_back(*missing);
  return grid;
}

DependenceCurves partial_dependence(const LogitFunction& logits, const FeatureColumn& column,
                                    const preprocessing::EncodedRows& rows,
                                    const preprocessing::EncodedRows& grid,
                                    const std::function<void()>& between) {
  DependenceCurves curves;
  curves.logits.resize(rows.rows);
  preprocessing::EncodedRows mixed = rows;
  const auto count = static_cast<double>(rows.rows);
  for (std::size_t point = 0; point < grid.rows; ++point) {
    if (between) between();
    for (std::size_t row = 0; row < rows.rows; ++row) copy_column(column, grid, point, mixed, row);
    const std::vector<float> found = logits(mixed);
    double logit = 0.0;
    double probability = 0.0;
    for (std::size_t row = 0; row < rows.rows; ++row) {
      curves.logits[row].push_back(found[row]);
      logit += found[row];
      probability += probability_of(found[row]);
    }
    curves.mean_logit.push_back(logit / count);
    curves.mean_probability.push_back(probability / count);
  }
  return curves;
}

}  // namespace ebb::churn

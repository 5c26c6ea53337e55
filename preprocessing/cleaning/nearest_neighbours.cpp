#include "preprocessing/cleaning/nearest_neighbours.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::preprocessing {
namespace {

struct Neighbour {
  double distance = 0.0;
  std::size_t row = 0;
  auto operator<=>(const Neighbour&) const = default;
};

/// What one range of rows needs, allocated once for it.
class RowFiller {
 public:
  explicit RowFiller(const NeighbourImputer& imputer)
      : imputer_(imputer),
        known_(imputer.means().size()),
        squares_(imputer.kept().front().size()),
        shared_(squares_.size()) {}

  /// Fills row `row` and returns how many values were missing.
  std::size_t fill(std::span<const std::span<double>> columns, std::size_t row) {
    std::size_t missing = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      known_[i] = columns[i][row];
      missing += std::isnan(known_[i]) ? 1 : 0;
    }
    if (missing == 0) return 0;
    measure();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (std::isnan(known_[i])) columns[i][row] = value_of(i);
    }
    return missing;
  }

 private:
  /// The squared distances to all kept rows; NaN where no column is shared.
  void measure() {
    std::fill(squares_.begin(), squares_.end(), 0.0);
    std::fill(shared_.begin(), shared_.end(), 0.0);
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const double known = known_[i];
      if (std::isnan(known)) continue;
      const std::vector<double>& kept = imputer_.kept()[i];
      for (std::size_t j = 0; j < kept.size(); ++j) {
        const double distance = known - kept[j];
        const bool is_shared = !std::isnan(kept[j]);
        squares_[j] += is_shared ? distance * distance : 0.0;
        shared_[j] += is_shared ? 1.0 : 0.0;
      }
    }
    const auto columns = static_cast<double>(known_.size());
    for (std::size_t j = 0; j < squares_.size(); ++j) squares_[j] *= columns / shared_[j];
  }

  double value_of(std::size_t column) {
    const std::vector<double>& kept = imputer_.kept()[column];
    nearest_.clear();
    for (std::size_t j = 0; j < kept.size(); ++j) {
      if (shared_[j] > 0.0 && !std::isnan(kept[j])) nearest_.push_back({squares_[j], j});
    }
    if (nearest_.empty()) return imputer_.means()[column];
    const std::size_t count = std::min(imputer_.neighbours(), nearest_.size());
    const auto end = nearest_.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(nearest_.begin(), end, nearest_.end());
    double sum = 0.0;
    for (std::size_t j = 0; j < count; ++j) sum += weight(nearest_[j].distance);
    // Shares of the sum, so that no sum of large values overflows.
    double value = 0.0;
    for (std::size_t j = 0; j < count; ++j) {
      value += weight(nearest_[j].distance) / sum * kept[nearest_[j].row];
    }
    return value;
  }

  /// In units of the nearest row's, which is at most 1 of it.
  [[nodiscard]] double weight(double square) const {
    if (imputer_.weights() == NeighbourWeights::uniform) return 1.0;
    const double nearest = nearest_.front().distance;
    return square == nearest ? 1.0 : std::sqrt(nearest) / std::sqrt(square);
  }

  const NeighbourImputer& imputer_;
  std::vector<double> known_;
  std::vector<double> squares_;
  std::vector<double> shared_;
  std::vector<Neighbour> nearest_;
};

bool are_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

NeighbourImputer NeighbourImputer::fit(std::span<const Column* const> columns,
                                       const NeighbourOptions& options) {
  if (options.neighbours < 1 || options.most_rows < 1) {
    fail<DataError>("{} neighbours among at most {} rows: expected at least 1 of each",
                    options.neighbours, options.most_rows);
  }
  if (columns.empty()) fail("NeighbourImputer::fit: no columns");
  const std::size_t rows = columns.front()->numbers.size();
  std::vector<std::size_t> all(rows);
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::vector<std::size_t> drawn =
      draw_rows(std::move(all), options.most_rows, SplitMix64(options.seed));
  std::vector<double> means;
  std::vector<std::vector<double>> kept;
  for (const Column* column : columns) {
    if (column->numbers.size() != rows) {
      fail("NeighbourImputer::fit: column \"{}\" has {} rows, the first one {}", column->name,
           column->numbers.size(), rows);
    }
    const std::vector<double> sorted = sorted_values(column->numbers);
    if (sorted.empty()) {
      fail<DataError>(
          "column \"{}\" has no value in any training row from which others could be filled: leave "
          "it out",
          column->name);
    }
    means.push_back(mean_of(sorted));
    kept.emplace_back();
    kept.back().reserve(drawn.size());
    for (const std::size_t row : drawn) kept.back().push_back(column->numbers[row]);
  }
  return restore(options.neighbours, options.weights, std::move(means), std::move(kept));
}

NeighbourImputer NeighbourImputer::restore(std::size_t neighbours, NeighbourWeights weights,
                                           std::vector<double> means,
                                           std::vector<std::vector<double>> kept) {
  const auto is_sound = [&](const std::vector<double>& column) {
    return !column.empty() && column.size() == kept.front().size() &&
           std::none_of(column.begin(), column.end(), [](double x) { return std::isinf(x); });
  };
  if (neighbours < 1 || kept.empty() || kept.size() != means.size() ||
      !std::all_of(kept.begin(), kept.end(), is_sound) ||
      !std::all_of(means.begin(), means.end(), [](double x) { return std::isfinite(x); })) {
    fail<DataError>(
        "{} neighbours, {} means and {} columns: expected at least one neighbour, as many finite "
        "means as columns, and equally many rows in each",
        neighbours, means.size(), kept.size());
  }
  NeighbourImputer imputer;
  imputer.neighbours_ = neighbours;
  imputer.weights_ = weights;
  imputer.means_ = std::move(means);
  imputer.kept_ = std::move(kept);
  return imputer;
}

std::size_t NeighbourImputer::fill(std::span<const std::span<double>> columns) const {
  const auto is_equal = [&](std::span<double> c) { return c.size() == columns.front().size(); };
  if (columns.size() != means_.size() || !std::all_of(columns.begin(), columns.end(), is_equal)) {
    fail("NeighbourImputer::fill: {} columns, fitted to {} of equal lengths", columns.size(),
         means_.size());
  }
  const std::size_t rows = columns.front().size();
  constexpr std::size_t kRange = 256;
  std::vector<std::size_t> missing((rows + kRange - 1) / kRange);
  parallel_ranges(rows, columns.size() * kept_.front().size(), kRange,
                  [&](std::size_t begin, std::size_t end) {
                    RowFiller filler(*this);
                    for (std::size_t row = begin; row < end; ++row) {
                      missing[begin / kRange] += filler.fill(columns, row);
                    }
                  });
  return std::accumulate(missing.begin(), missing.end(), std::size_t{0});
}

bool NeighbourImputer::operator==(const NeighbourImputer& other) const {
  return neighbours_ == other.neighbours_ && weights_ == other.weights_ && means_ == other.means_ &&
         std::ranges::equal(kept_, other.kept_, [](const auto& a, const auto& b) {
           return std::ranges::equal(a, b, are_same);
         });
}

std::string_view neighbour_weights_name(NeighbourWeights weights) {
  return weights == NeighbourWeights::uniform ? "uniform" : "distance";
}

NeighbourWeights parse_neighbour_weights(std::string_view name) {
  for (const NeighbourWeights weights : {NeighbourWeights::uniform, NeighbourWeights::distance}) {
    if (name == neighbour_weights_name(weights)) return weights;
  }
  fail<DataError>("\"{}\" is no weighting of neighbours: use uniform or distance", name);
}

nlohmann::json to_json(const NeighbourImputer& imputer) {
  nlohmann::json kept = nlohmann::json::array();
  for (const std::vector<double>& column : imputer.kept()) {
    std::vector<double> values = column;
    std::vector<std::size_t> missing;
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (!std::isnan(values[row])) continue;
      values[row] = 0.0;
      missing.push_back(row);
    }
    kept.push_back({{"values", values}, {"missing", missing}});
  }
  return {{"neighbours", imputer.neighbours()},
          {"weights", neighbour_weights_name(imputer.weights())},
          {"means", imputer.means()},
          {"kept", kept}};
}

NeighbourImputer neighbour_imputer_from_json(const JsonReader& reader) {
  reader.expect_keys({"neighbours", "weights", "means", "kept"});
  const std::size_t neighbours = reader.member("neighbours").count();
  const NeighbourWeights weights = reader.member("weights").parsed(parse_neighbour_weights);
  const std::vector<double> means = reader.member("means").numbers();
  std::vector<std::vector<double>> kept;
  for (const JsonReader& column : reader.member("kept").elements()) {
    column.expect_keys({"values", "missing"});
    kept.push_back(column.member("values").numbers());
    for (const std::size_t row : column.member("missing").counts()) {
      if (row >= kept.back().size()) column.member("missing").refuse("there is no such row");
      kept.back()[row] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return reader.guarded(
      [&] { return NeighbourImputer::restore(neighbours, weights, means, kept); });
}

}  // namespace ebb::preprocessing

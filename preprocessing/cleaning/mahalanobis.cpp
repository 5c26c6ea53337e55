// The fit works on columns in units of their own spread, so that its sums neither overflow nor hide
// a small column behind a large one; the estimate is affine equivariant and does not change by it.
#include "preprocessing/cleaning/mahalanobis.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/statistics/distributions.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::preprocessing {
namespace {

constexpr double kReweighting = 0.975;
constexpr double kFarOut = std::numeric_limits<double>::infinity();

void check_columns(std::span<const Column* const> columns, const MahalanobisOptions& options) {
  if (!(options.probability > 0.0 && options.probability < 1.0)) {
    fail<DataError>(
        "the probability of the cut-off of isolated rows is {}: expected above 0 and "
        "below 1",
        options.probability);
  }
  if (columns.empty()) fail("RobustDistance::fit: no columns");
  for (const Column* column : columns) {
    if (column->numbers.size() != columns.front()->numbers.size()) {
      fail("RobustDistance::fit: column \"{}\" has {} rows, the first one {}", column->name,
           column->numbers.size(), columns.front()->numbers.size());
    }
  }
}

/// Rows without a missing value, ascending; a random choice where there are more than `most`.
std::vector<std::size_t> complete_rows(std::span<const Column* const> columns, std::size_t most,
                                       std::uint64_t seed) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < columns.front()->numbers.size(); ++row) {
    const bool is_complete = std::none_of(columns.begin(), columns.end(), [&](const Column* c) {
      return std::isnan(c->numbers[row]);
    });
    if (is_complete) rows.push_back(row);
  }
  constexpr std::uint64_t kStream = ~std::uint64_t{0};  // minimum_covariance counts from 0
  return draw_rows(std::move(rows), most, SplitMix64(seed, kStream));
}

struct Units {
  std::vector<double> centre;
  std::vector<double> spread;
};

/// Fills `values`, row-major, with the rows given in units of the columns.
Units fill_in_units(std::span<const Column* const> columns, std::span<const std::size_t> rows,
                    std::vector<double>& values) {
  Units units;
  values.resize(rows.size() * columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::vector<double> sorted;
    sorted.reserve(rows.size());
    for (const std::size_t row : rows) sorted.push_back(columns[i]->numbers[row]);
    std::sort(sorted.begin(), sorted.end());
    double spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
    if (!std::isfinite(sorted.back() - sorted.front())) {
      fail<DataError>("column \"{}\": values from {} to {} are too large to measure distances in",
                      columns[i]->name, sorted.front(), sorted.back());
    }
    if (!std::isnormal(spread)) spread = standard_deviation(sorted, mean_of(sorted));
    if (!std::isnormal(spread)) spread = 1.0;  // a constant column, which is found out later
    units.centre.push_back(quantile(sorted, 0.5));
    units.spread.push_back(spread);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      values[row * columns.size() + i] =
          (columns[i]->numbers[rows[row]] - units.centre[i]) / spread;
    }
  }
  return units;
}

double consistency_factor(double share, double columns) {
  return share >= 1.0
             ? 1.0
             : share / chi_squared_cumulative(chi_squared_quantile(share, columns), columns + 2.0);
}

void require_regular(const CovarianceEstimate& estimate, std::span<const Column* const> columns) {
  if (std::isfinite(estimate.log_determinant)) return;
  fail<DataError>(
      "column \"{}\" is constant or follows from the columns before it in half of the rows or "
      "more, "
      "so that no distance can be measured: leave it out of the search for isolated rows",
      columns[estimate.dependent_column]->name);
}

CovarianceEstimate reweighted(const RowMatrix& matrix, std::uint64_t seed,
                              std::span<const Column* const> columns) {
  const CovarianceEstimate raw = minimum_covariance(matrix, seed);
  require_regular(raw, columns);
  const auto width = static_cast<double>(matrix.width);
  const double share = static_cast<double>(support_size(matrix.rows(), matrix.width)) /
                       static_cast<double>(matrix.rows());
  const double limit = consistency_factor(share, width) * chi_squared_quantile(kReweighting, width);
  const std::vector<double> distances = squared_distances(matrix, raw);
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < distances.size(); ++row) {
    if (distances[row] < limit) rows.push_back(row);
  }
  CovarianceEstimate estimate = estimate_covariance(matrix, rows);
  require_regular(estimate, columns);
  for (double& value : estimate.covariance) value *= consistency_factor(kReweighting, width);
  return estimate;
}

}  // namespace

RobustDistance RobustDistance::fit(std::span<const Column* const> columns,
                                   const MahalanobisOptions& options) {
  check_columns(columns, options);
  const std::size_t width = columns.size();
  const std::size_t least = 2 * (width + 1);
  const std::vector<std::size_t> rows =
      complete_rows(columns, std::max(options.most_rows, least), options.seed);
  if (rows.size() < least) {
    fail<DataError>(
        "{} rows have a value in each of {} columns: isolated rows are sought among {} at least; "
        "fill missing values first, or take fewer columns",
        rows.size(), width, least);
  }
  std::vector<double> values;
  const Units units = fill_in_units(columns, rows, values);
  CovarianceEstimate estimate = reweighted({values, width}, options.seed, columns);
  for (std::size_t i = 0; i < width; ++i) {
    estimate.location[i] = units.centre[i] + units.spread[i] * estimate.location[i];
    for (std::size_t j = 0; j < width; ++j) {
      estimate.covariance[i * width + j] *= units.spread[i] * units.spread[j];
    }
    if (!std::isnormal(estimate.covariance[i * width + i])) {
      fail<DataError>(
          "column \"{}\": its variance is too large or too small for a number: scale the column "
          "before isolated rows are sought",
          columns[i]->name);
    }
  }
  return restore(std::move(estimate.location), std::move(estimate.covariance),
                 chi_squared_quantile(options.probability, static_cast<double>(width)));
}

RobustDistance RobustDistance::restore(std::vector<double> location, std::vector<double> covariance,
                                       double cut_off) {
  const std::size_t width = location.size();
  const auto are_finite = [](const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
  };
  bool is_sound = width > 0 && covariance.size() == width * width && are_finite(location) &&
                  are_finite(covariance) && cut_off > 0.0 && std::isfinite(cut_off);
  for (std::size_t i = 0; is_sound && i < width; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      is_sound = is_sound && covariance[i * width + j] == covariance[j * width + i];
    }
  }
  RobustDistance distance;
  distance.estimate_.location = std::move(location);
  distance.estimate_.covariance = std::move(covariance);
  distance.cut_off_ = cut_off;
  if (is_sound) factorise(distance.estimate_);
  if (!is_sound || !std::isfinite(distance.estimate_.log_determinant)) {
    fail<DataError>(
        "{} means, {} covariances and the cut-off {}: expected a symmetric, positive definite "
        "matrix of as many rows as means, and a positive cut-off",
        width, distance.estimate_.covariance.size(), cut_off);
  }
  return distance;
}

std::vector<double> RobustDistance::distances(
    std::span<const std::span<const double>> columns) const {
  const std::size_t width = location().size();
  const auto is_equal = [&](std::span<const double> c) {
    return c.size() == columns.front().size();
  };
  if (columns.size() != width || !std::all_of(columns.begin(), columns.end(), is_equal)) {
    fail("RobustDistance::distances: {} columns, fitted to {} of equal lengths", columns.size(),
         width);
  }
  constexpr std::size_t kRange = 4096;
  std::vector<double> distances(columns.front().size());
  parallel_ranges(distances.size(), width * width, kRange, [&](std::size_t begin, std::size_t end) {
    std::vector<double> values(width);
    std::vector<double> scratch(width);
    for (std::size_t row = begin; row < end; ++row) {
      bool is_missing = false;
      for (std::size_t i = 0; i < width; ++i) {
        values[i] = columns[i][row];
        is_missing = is_missing || std::isnan(values[i]);
      }
      const double distance = squared_distance(values.data(), location().data(),
                                               estimate_.factor.data(), width, scratch.data());
      // Infinities far out may cancel.
      distances[row] = is_missing || !std::isnan(distance) ? distance : kFarOut;
    }
  });
  return distances;
}

IsolatedRows RobustDistance::isolated(std::span<const std::span<const double>> columns) const {
  IsolatedRows isolated;
  const std::vector<double> measured = distances(columns);
  for (std::size_t row = 0; row < measured.size(); ++row) {
    if (measured[row] > cut_off_) isolated.rows.push_back(row);
    if (std::isnan(measured[row])) ++isolated.unmeasured;
  }
  return isolated;
}

nlohmann::json to_json(const RobustDistance& distance) {
  return {{"location", distance.location()},
          {"covariance", distance.covariance()},
          {"cut_off", distance.cut_off()}};
}

RobustDistance robust_distance_from_json(const JsonReader& reader) {
  reader.expect_keys({"location", "covariance", "cut_off"});
  const std::vector<double> location = reader.member("location").numbers();
  const std::vector<double> covariance = reader.member("covariance").numbers();
  const double cut_off = reader.member("cut_off").number();
  return reader.guarded([&] { return RobustDistance::restore(location, covariance, cut_off); });
}

}  // namespace ebb::preprocessing

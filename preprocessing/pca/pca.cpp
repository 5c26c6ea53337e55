#include "preprocessing/pca/pca.h"

#include <algorithm>
#include <cmath>

#include "kernels/common/error.h"
#include "preprocessing/columns/project_numbers.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pca/symmetric_eigen.h"
#include "preprocessing/statistics/moments.h"

namespace ebb::preprocessing {
namespace {

/// `mend`: what to do about a missing value.
std::vector<Numbers> numbers_of(const Table& table, std::span<const std::string> names,
                                std::string_view mend) {
  std::vector<Numbers> columns;
  for (const std::string& name : names) {
    const Column& column = table.column(name);
    if (!column.is_number()) {
      fail<DataError>("{}: column \"{}\" holds no numbers, of which principal components are made",
                      table.source(), shortened(name));
    }
    const auto missing = std::find_if(column.numbers.begin(), column.numbers.end(),
                                      [](double value) { return std::isnan(value); });
    if (missing != column.numbers.end()) {
      const auto row = static_cast<std::size_t>(missing - column.numbers.begin());
      fail<DataError>("{}: column \"{}\": a value is missing; principal components need all: {}",
                      table.where(row), shortened(name), mend);
    }
    columns.push_back(column.numbers);
  }
  return columns;
}

void check_finite(const SymmetricMatrix& covariances, const Table& table,
                  std::span<const std::string> names) {
  for (std::size_t i = 0; i < covariances.values.size(); ++i) {
    if (std::isfinite(covariances.values[i])) continue;
    fail<DataError>("{}: column \"{}\": the values are too large to be squared: scale them first",
                    table.source(), shortened(names[i / covariances.size]));
  }
}

std::size_t most_components(const Table& table, std::size_t columns, const PcaOptions& options) {
  const std::size_t most = std::min(columns, table.rows());
  if (options.components > most) {
    fail<DataError>("{}: {} components are asked for, of {} columns and {} rows: at most {}",
                    table.source(), options.components, columns, table.rows(), most);
  }
  return options.components == 0 ? most : options.components;
}

/// The fewest components that explain more than `share`.
std::size_t components_explaining(const std::vector<double>& shares, double share) {
  double sum = 0.0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    sum += shares[i];
    if (sum > share) return i + 1;
  }
  return shares.size();
}

void fix_sign(std::span<double> weights) {
  const auto largest = std::max_element(
      weights.begin(), weights.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (*largest >= 0.0) return;
  for (double& weight : weights) weight = -weight;
}

void standardise(SymmetricMatrix& covariances, std::vector<double>& scales) {
  for (std::size_t i = 0; i < covariances.size; ++i) {
    const double deviation = std::sqrt(covariances(i, i));
    if (deviation > 0.0) scales[i] = deviation;
  }
  for (std::size_t i = 0; i < covariances.values.size(); ++i) {
    covariances.values[i] /= scales[i / covariances.size] * scales[i % covariances.size];
  }
}

void require_equal_lengths(std::span<const std::vector<double>> columns) {
  for (const std::vector<double>& column : columns) {
    if (column.size() != columns.front().size()) {
      fail("Pca::inverse: components of {} and {} rows", columns.front().size(), column.size());
    }
  }
}

}  // namespace

Pca Pca::fit(const Table& table, std::span<const std::string> names, const PcaOptions& options) {
  if (names.empty() || table.rows() < 2) {
    fail<DataError>("{}: principal components need a column and two rows; there are {} and {}",
                    table.source(), names.size(), table.rows());
  }
  if (!(options.explained > 0.0 && options.explained <= 1.0)) {
    fail<DataError>("the share of the variance to explain is {}: choose one over 0, at most 1",
                    options.explained);
  }
  const std::vector<Numbers> columns = numbers_of(table, names, "fill missing values first");
  PcaState state;
  state.columns.assign(names.begin(), names.end());
  for (const Numbers values : columns) state.means.push_back(moments_of(values).mean);
  state.scales.assign(columns.size(), 1.0);
  SymmetricMatrix covariances = covariance_matrix(columns);
  check_finite(covariances, table, names);
  if (options.standardise) standardise(covariances, state.scales);
  double whole = 0.0;
  for (std::size_t i = 0; i < columns.size(); ++i) whole += covariances(i, i);

  const EigenDecomposition eigen = symmetric_eigen(covariances);
  for (const double value : eigen.values) {
    state.variances.push_back(std::max(0.0, value));  // rounding
    state.shares.push_back(whole == 0.0 ? 0.0 : state.variances.back() / whole);
  }
  std::size_t kept = most_components(table, columns.size(), options);
  if (options.explained < 1.0) {
    kept = std::min(kept, components_explaining(state.shares, options.explained));
  }
  state.variances.resize(kept);
  state.shares.resize(kept);
  state.weights.assign(eigen.vectors.begin(),
                       eigen.vectors.begin() + static_cast<std::ptrdiff_t>(kept * columns.size()));
  for (std::size_t i = 0; i < kept; ++i) {
    fix_sign({&state.weights[i * columns.size()], columns.size()});
  }
  return Pca(std::move(state));
}

std::vector<std::vector<double>> Pca::transform(const Table& table) const {
  const std::vector<Numbers> columns = numbers_of(
      table, state_.columns,
      "give it, or fit again with missing values filled before, also if none is missing");
  std::vector<std::vector<double>> out(components(), std::vector<double>(table.rows()));
  std::vector<const double*> of;
  for (const Numbers values : columns) of.push_back(values.data());
  std::vector<double*> outputs;
  for (std::vector<double>& component : out) outputs.push_back(component.data());
  Context context;
  std::int32_t has_missing = 0;  // looked for above
  project(context, table.rows(), of, outputs, &has_missing);
  return out;
}

void Pca::project(Context& context, std::size_t rows, std::span<const double* const> columns,
                  std::span<double* const> components, std::int32_t* has_missing) const {
  project_numbers(context, {.rows = static_cast<std::int64_t>(rows),
                            .of = columns,
                            .means = state_.means,
                            .scales = state_.scales,
                            .weights = state_.weights,
                            .outputs = components,
                            .has_missing = has_missing});
}

std::vector<std::vector<double>> Pca::inverse(
    std::span<const std::vector<double>> components) const {
  if (components.size() != this->components()) {
    fail("Pca::inverse: {} components where {} were fitted", components.size(), this->components());
  }
  require_equal_lengths(components);
  const std::size_t rows = components.front().size();
  const std::size_t size = state_.columns.size();
  std::vector<std::vector<double>> out(size, std::vector<double>(rows));
  parallel_ranges(rows, size * components.size(), kBlockRows,
                  [&](std::size_t begin, std::size_t end) {
                    for (std::size_t j = 0; j < size; ++j) {
                      double* const sums = out[j].data();
                      for (std::size_t c = 0; c < components.size(); ++c) {
                        const double weight = state_.weights[c * size + j];
                        const double* const from = components[c].data();
                        for (std::size_t row = begin; row < end; ++row) {
                          sums[row] += weight * from[row];
                        }
                      }
                      for (std::size_t row = begin; row < end; ++row) {
                        sums[row] = sums[row] * state_.scales[j] + state_.means[j];
                      }
                    }
                  });
  return out;
}

}  // namespace ebb::preprocessing

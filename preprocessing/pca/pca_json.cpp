// A fitted PCA as JSON, and what is believed of such a document.
#include <algorithm>
#include <cmath>
#include <functional>

#include <nlohmann/json.hpp>

#include "kernels/common/error.h"
#include "preprocessing/common/json_reader.h"
#include "preprocessing/pca/pca.h"

namespace ebb::preprocessing {
namespace {

void check(bool holds, std::string_view what) {
  if (!holds) fail<DataError>("principal components: {}", what);
}

bool are_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

/// Whether the weights of different components are orthogonal, and each of length 1.
bool are_orthonormal(const PcaState& state) {
  constexpr double kTolerance = 1e-6;
  const std::size_t size = state.columns.size();
  for (std::size_t a = 0; a < state.variances.size(); ++a) {
    for (std::size_t b = a; b < state.variances.size(); ++b) {
      double product = 0.0;
      for (std::size_t j = 0; j < size; ++j) {
        product += state.weights[a * size + j] * state.weights[b * size + j];
      }
      if (!(std::abs(product - (a == b ? 1.0 : 0.0)) <= kTolerance)) return false;
    }
  }
  return true;
}

}  // namespace

Pca Pca::restore(PcaState state) {
  const std::size_t size = state.columns.size();
  const std::size_t kept = state.variances.size();
  check(size > 0 && kept > 0 && kept <= size, "there are none, or more than columns");
  check(state.means.size() == size && state.scales.size() == size,
        "there is not one mean and one scale for each column");
  check(state.shares.size() == kept && state.weights.size() == kept * size,
        "there is not one share and one weight for each column of each component");
  check(are_finite(state.means) && are_finite(state.scales) && are_finite(state.weights) &&
            are_finite(state.variances) && are_finite(state.shares),
        "a number is not finite");
  check(std::all_of(state.scales.begin(), state.scales.end(), [](double x) { return x > 0.0; }),
        "a scale is not positive");
  check(std::is_sorted(state.variances.begin(), state.variances.end(), std::greater<>()) &&
            state.variances.back() >= 0.0,
        "the variances rise or are negative");
  check(std::all_of(state.shares.begin(), state.shares.end(),
                    [](double x) { return x >= 0.0 && x <= 1.0 + 1e-9; }),
        "a share of the variance is not within 0 and 1");
  check(are_orthonormal(state), "the weights are not orthonormal");
  return Pca(std::move(state));
}

nlohmann::json to_json(const Pca& pca) {
  const PcaState& state = pca.state();
  return {{"columns", state.columns}, {"means", state.means},         {"scales", state.scales},
          {"weights", state.weights}, {"variances", state.variances}, {"shares", state.shares}};
}

Pca pca_from_json(const JsonReader& reader) {
  reader.expect_keys({"columns", "means", "scales", "weights", "variances", "shares"});
  PcaState state{.columns = reader.member("columns").texts(),
                 .means = reader.member("means").numbers(),
                 .scales = reader.member("scales").numbers(),
                 .weights = reader.member("weights").numbers(),
                 .variances = reader.member("variances").numbers(),
                 .shares = reader.member("shares").numbers()};
  return reader.guarded([&] { return Pca::restore(state); });
}

}  // namespace ebb::preprocessing

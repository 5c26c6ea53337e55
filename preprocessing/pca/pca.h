// Principal components, exactly: eigenvectors of the covariance matrix, in f64.
//
// As scikit-learn's PCA (svd_solver="covariance_eigh", whiten=False): divisor n - 1, components by
// falling variance, and the sign of its svd_flip(u_based_decision=False): the entry of largest
// absolute value in each component is positive (the first of several).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "kernels/common/context.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

class JsonReader;

struct PcaOptions {
  std::size_t components = 0;  ///< 0: as many as rows or columns allow
  /// Below 1: the fewest components whose shares of the variance sum to more than this.
  double explained = 1.0;
  /// Divides columns by their sample deviation first, so that units do not matter; a constant
  /// column stays 0.
  bool standardise = false;
};

/// What PCA learned; component c has weights[c * columns.size() + j] for column j.
struct PcaState {
  std::vector<std::string> columns;
  std::vector<double> means;
  std::vector<double> scales;  ///< 1 unless standardised
  std::vector<double> weights;
  std::vector<double> variances;  ///< explained, falling
  std::vector<double> shares;     ///< of the variance of all columns; 0 if they are constant
  bool operator==(const PcaState&) const = default;
};

class Pca {
 public:
  /// Cost: p^2 / 2 products a row for p columns, then symmetric_eigen.h. Equal bits for any number
  /// of threads. Throws DataError on: unknown columns, a column of texts, a missing value (with its
  /// line: fill it first), fewer than two rows, more components than rows or columns allow, and
  /// variances that f64 cannot hold (scale first).
  static Pca fit(const Table& table, std::span<const std::string> names,
                 const PcaOptions& options = {});
  /// From a state that was kept. Throws DataError on lengths that do not match, numbers that are
  /// not finite, scales that are not positive, variances that are negative or rise, and weights
  /// that are not orthonormal to 1e-6.
  static Pca restore(PcaState state);

  [[nodiscard]] const PcaState& state() const { return state_; }
  [[nodiscard]] std::size_t components() const { return state_.variances.size(); }

  /// One column of numbers per component. Linear cost in rows. Throws DataError as fit does.
  [[nodiscard]] std::vector<std::vector<double>> transform(const Table& table) const;
  /// The same on any device: column j of state().columns at columns[j], component c at
  /// components[c], each [rows] in the memory of the context's device, as is `has_missing`, which
  /// becomes 1 where a value is missing.
  void project(Context& context, std::size_t rows, std::span<const double* const> columns,
               std::span<double* const> components, std::int32_t* has_missing) const;
  /// The columns that these components stand for: exact, but for rounding, with all components,
  /// else the nearest. Throws Error on another number of components or unequal lengths.
  [[nodiscard]] std::vector<std::vector<double>> inverse(
      std::span<const std::vector<double>> components) const;

 private:
  explicit Pca(PcaState state) : state_(std::move(state)) {}

  PcaState state_;
};

nlohmann::json to_json(const Pca& pca);
Pca pca_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing

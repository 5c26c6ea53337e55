// Integrated gradients: how much of a prediction comes along the way from an average customer.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "apps/churn/explanation/attributions.h"
#include "apps/churn/model/feature_columns.h"
#include "apps/churn/model/ft_transformer.h"

namespace ebb::churn {

struct IntegratedGradientsOptions {
  std::size_t steps = 16;        // nodes of the quadrature
  std::size_t most_steps = 256;  // of rows that miss their sum by more than `tolerance`
  double tolerance = 0.01;       // of log-odds
  int threads = 0;               // 0: all
  std::function<void()> between;
};

/// Integrated gradients (Sundararajan, Taly and Yan 2017) of the log-odds with respect to tokens:
///
///     value = sum over dim of (token - base token) * integral_0^1 df/dtoken(base + a (x - base))
///     da
///
/// Numbers and categories alike are vectors there, so that there is a way between two categories.
/// The base is the mean token of each column over background rows, no customer that exists; base
/// of the result is its log-odds. The integral is taken by Gauss and Legendre's quadrature, of
/// twice as many nodes for rows whose values do not add up, again and again up to most_steps; what
/// is missed then is largest_gap. The same bits for any number of threads. On the CPU.
class IntegratedGradients {
 public:
  /// Throws as Predictor, and Error without background rows or steps.
  IntegratedGradients(const InputSchema& schema, const ModelConfig& config,
                      const std::map<std::string, Tensor>& weights,
                      std::vector<FeatureColumn> columns,
                      const preprocessing::EncodedRows& background,
                      IntegratedGradientsOptions options);
  ~IntegratedGradients();

  /// Costs about 3 * steps passes of the network for each row, and more for what is done again.
  Attributions explain(const preprocessing::EncodedRows& rows);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A node of a quadrature on [0, 1].
struct QuadratureNode {
  double place;
  double weight;
};

/// Gauss and Legendre's, exact for polynomials of degree 2 * count - 1. The nodes are found by
/// Newton's method (Press et al., "Numerical recipes", section 4.6).
std::vector<QuadratureNode> gauss_legendre(std::size_t count);

}  // namespace ebb::churn

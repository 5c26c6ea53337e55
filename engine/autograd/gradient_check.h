// Compares the gradients of a tape with finite differences, for whoever writes an operation or a
// module.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "engine/pass.h"

namespace ebb {

/// Any differentiable computation: of the inputs given, and of the parameters it was made with.
using CheckedFunction = std::function<Tensor(const Pass& pass, std::span<const Tensor> inputs)>;

struct GradientCheckOptions {
  PassSettings settings;  // of every pass, so that dropout draws one mask throughout
  /// Central differences are taken over +-step * max(1, |x|). Their truncation error is about
  /// step^2 |f'''| / 6 and their rounding error 2^-53 |f| / step; the cube root of 2^-53 balances
  /// both, near 3e-11 for functions of moderate size.
  double step = 5e-6;
  /// Allowed difference, relative to the largest of 1, |f| and the gradient: a few hundred times
  /// the error above, and far below any error in a formula.
  double tolerance = 1e-8;
};

struct GradientCheck {
  double largest_error = 0.0;  // relative, as the tolerance
  std::int64_t checked = 0;    // elements compared
  std::string failure;         // empty, or the worst element that is off: name, index, both values
};

/// Checks the gradients that `function` gives to each of `inputs` and, if not null, to
/// `parameters`. The output is contracted with fixed random numbers, so that no part of the
/// gradient can cancel; it may have any shape. Elements are changed in place one by one and put
/// back. The function must be smooth where it is checked: keep inputs of ReLU away from 0 by more
/// than a step. Every element costs two passes. Throws Error on tensors that are not contiguous
/// f64.
GradientCheck check_gradients(Context& context, const CheckedFunction& function,
                              std::span<const Tensor> inputs,
                              const ParameterSet* parameters = nullptr,
                              const GradientCheckOptions& options = {});

}  // namespace ebb

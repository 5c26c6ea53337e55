#include "engine/autograd/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/operations/elementwise.h"
#include "engine/operations/reduce.h"

namespace ebb {
namespace {

// Numbers in +-[0.5, 1.5), so that none hides an error.
Tensor upstream_like(const Tensor& output) {
  const Tensor upstream = Tensor::empty(output.shape(), DType::f64);
  for (std::int64_t i = 0; i < upstream.elements(); ++i) {
    const auto words = philox({.seed = 0x9d2c5680u}, static_cast<std::uint64_t>(i));
    const double magnitude = 0.5 + words[0] * 0x1p-32;
    upstream.data<double>()[i] = (words[1] & 1u) != 0 ? magnitude : -magnitude;
  }
  return upstream;
}

class Checker {
 public:
  Checker(Context& context, const CheckedFunction& function, std::span<const Tensor> inputs,
          const GradientCheckOptions& options)
      : context_(context), function_(function), inputs_(inputs), options_(options) {}

  /// The contracted output of a pass.
  Tensor loss(Tape* tape, std::span<const Tensor> inputs) {
    const Pass pass{context_, tape, options_.settings};
    const Tensor output = function_(pass, inputs);
    if (!upstream_.defined()) upstream_ = upstream_like(output);
    return sum(pass, multiply(pass, output, upstream_));
  }

  /// Compares one tensor's gradient element by element with the differences.
  void compare(const std::string& name, const Tensor& value, const Tensor& gradient) {
    const double magnitude = std::max(std::fabs(loss(nullptr, inputs_).item()), 1.0);
    double largest = magnitude;
    for (const double g : gradient.values<double>()) largest = std::max(largest, std::fabs(g));
    for (std::int64_t i = 0; i < value.elements(); ++i) {
      const double expected = difference(value.data<double>()[i]);
      const double got = gradient.data<double>()[i];
      const double error = std::fabs(got - expected) / largest;
      ++result.checked;
      // NaN counts as the worst error.
      if (error <= result.largest_error || std::isnan(result.largest_error)) continue;
      result.largest_error = error;
      if (error <= options_.tolerance) continue;
      result.failure =
          fmt::format("{}[{}] has gradient {}, finite differences give {}", name, i, got, expected);
    }
  }

  GradientCheck result;

 private:
  double difference(double& element) {
    const double before = element;
    const double step = options_.step * std::max(1.0, std::fabs(before));
    // What was really added after rounding.
    element = before + step;
    const double above = element;
    const double loss_above = loss(nullptr, inputs_).item();
    element = before - step;
    const double below = element;
    const double loss_below = loss(nullptr, inputs_).item();
    element = before;
    return (loss_above - loss_below) / (above - below);
  }

  Context& context_;
  const CheckedFunction& function_;
  std::span<const Tensor> inputs_;
  GradientCheckOptions options_;
  Tensor upstream_;
};

void require_f64(const std::string& name, const Tensor& tensor) {
  if (tensor.defined() && tensor.dtype() == DType::f64 && tensor.contiguous()) return;
  fail("check_gradients: {} must be a contiguous f64 tensor", name);
}

}  // namespace

GradientCheck check_gradients(Context& context, const CheckedFunction& function,
                              std::span<const Tensor> inputs, const ParameterSet* parameters,
                              const GradientCheckOptions& options) {
  Tape tape(context, parameters);
  std::vector<Tensor> watched;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    require_f64(fmt::format("input {}", i), inputs[i]);
    watched.push_back(tape.watch(inputs[i]));
  }
  Checker checker(context, function, inputs, options);
  tape.backward(checker.loss(&tape, watched));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor found = tape.gradient(watched[i]);
    checker.compare(fmt::format("input {}", i), inputs[i],
                    found.defined() ? found : Tensor::zeros(inputs[i].shape(), DType::f64));
  }
  if (parameters == nullptr) return checker.result;
  for (const Parameter& parameter : parameters->parameters()) {
    require_f64(parameter.name, parameter.value);
    checker.compare(parameter.name, parameter.value, tape.gradient(parameter));
  }
  return checker.result;
}

}  // namespace ebb

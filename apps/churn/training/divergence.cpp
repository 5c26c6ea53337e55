#include "apps/churn/training/divergence.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "kernels/gradient_norm/gradient_norm.h"

namespace ebb::churn {
namespace {

constexpr const char* kDivergenceAdvice =
    "lower training.learning_rate, set training.gradient_clip, or look for extreme numbers in the "
    "table";

// The sign of NaN means nothing, and differs between processors.
double without_sign(double value) { return std::isnan(value) ? std::abs(value) : value; }

}  // namespace

void fail_diverged(const PlaceInTraining& place, std::string_view what, const StepResult& result) {
  fail<DivergenceError>(
      "training diverged in step {} of epoch {}: {} (loss {}, gradient norm {}); {}", place.step,
      place.epoch, what, without_sign(result.loss), without_sign(result.gradient_norm),
      kDivergenceAdvice);
}

void fail_diverged(std::int64_t epoch, std::string_view what) {
  fail<DivergenceError>("training diverged by the end of epoch {}: {}; {}", epoch, what,
                        kDivergenceAdvice);
}

void require_finite_state(Context& context, const ParameterSet& parameters,
                          const Optimizer& optimizer, std::int64_t epoch) {
  std::map<std::string, Tensor> tensors = optimizer.state();
  tensors.emplace("value", parameters.buffer());
  const std::int64_t parts = kernels::gradient_norm_parts(parameters.buffer().elements());
  const auto count = static_cast<std::int64_t>(tensors.size());
  const Tensor squares = Tensor::empty({count, parts}, DType::f64, context.device());
  std::int64_t row = 0;
  for (const auto& [name, flat] : tensors) {
    const Tensor of_tensor = squares.slice(0, row++, 1).reshape({parts});
    kernels::gradient_norm(context, {.gradient = flat.view(), .squares = of_tensor.view()});
  }
  const Tensor found = squares.to(Device());  // one wait for all of them
  row = 0;
  for (const auto& [name, flat] : tensors) {
    const auto sums = found.slice(0, row++, 1).values<double>();
    if (std::all_of(sums.begin(), sums.end(), [](double sum) { return std::isfinite(sum); })) {
      continue;
    }
    fail_diverged(
        epoch, fmt::format("the {} of {}", name, non_finite_part(parameters, flat.to(Device()))));
  }
}

}  // namespace ebb::churn

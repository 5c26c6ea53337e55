// The time of one training step of a Transformer encoder on random data.
#pragma once

#include <cstdint>
#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "apps/ebb/repetition.h"
#include "apps/ebb/step_profile.h"
#include "kernels/common/precision.h"

namespace ebb::program {

/// A pre-norm encoder with GELU on [batch, tokens, dim], and a linear head on token 0.
struct StepShape {
  std::int64_t dim = 64;
  std::int64_t layers = 2;
  std::int64_t heads = 4;
  std::int64_t feed_forward = 256;
  std::int64_t tokens = 20;
  std::int64_t batch = 32;
  double dropout = 0.1;  // of attention probabilities, activations and both outputs
  Precision precision = Precision::f32;
};

/// What one step took, and where its time went if that was asked.
struct StepReport {
  Repetition times;
  std::int64_t parameters = 0;
  std::optional<StepProfile> profile;

  double rows_per_s(const StepShape& shape) const {
    return static_cast<double>(shape.batch) / times.median_s;
  }
};

/// Nominal operations of one step: 6 B T L (4 d^2 + 2 d f) for the matrix products (twice that of
/// the forward direction in the backward one) and 12 L B T^2 d for attention.
double step_flops(const StepShape& shape);

/// Repeats the step (forward, backward, AdamW), and as long again for the profile, which only the
/// CPU has. Throws Error on a shape that the modules refuse.
StepReport time_training_step(const StepShape& shape, Effort effort, bool with_profile);

void print(const StepShape& shape, const StepReport& report);
nlohmann::ordered_json to_json(const StepShape& shape, const StepReport& report);

}  // namespace ebb::program

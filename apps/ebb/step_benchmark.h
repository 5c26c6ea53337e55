// The time of one training step of a Transformer encoder on random data.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

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

struct StepTiming {
  double median_s = 0.0;
  double fastest_s = 0.0;
  double slowest_s = 0.0;
  std::int64_t repeats = 0;
  double gflops = 0.0;       // nominal operations per second
  double peak_gflops = 0.0;  // multiply-add peak of the same threads, just before
  double rows_per_s = 0.0;
  std::int64_t parameters = 0;
  int threads = 0;
  std::string instruction_set;

  double share_of_peak() const { return gflops / peak_gflops; }
};

/// Nominal operations of one step: 6 B T L (4 d^2 + 2 d f) for the matrix products (twice that of
/// the forward direction in the backward one) and 12 L B T^2 d for attention.
double step_flops(const StepShape& shape);

/// Repeats the step (forward, backward, AdamW) for about two seconds after warming up. `threads` 0:
/// all. Throws Error on a shape that the modules refuse.
StepTiming time_training_step(const StepShape& shape, int threads);

nlohmann::ordered_json to_json(const StepShape& shape, const StepTiming& timing);

}  // namespace ebb::program

// What changes from step to step of a training run, in memory that kernels read when they run. A
// CUDA graph freezes the arguments of its kernels, but not what they point to: a step captured once
// is replayed with other scalars by copying them there before.
#pragma once

#include <cstdint>

namespace ebb {

struct StepScalars {
  double learning_rate = 0.0;
  double gradient_scale = 1.0;
  double average_decay = 1.0;      // of the moving average of the weights
  double first_correction = 1.0;   // AdamW's 1 - beta1^t
  double second_correction = 1.0;  // AdamW's 1 - beta2^t
  std::uint32_t dropout_step = 0;  // RandomKey::step
};

}  // namespace ebb

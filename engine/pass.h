// One forward pass: where it runs, what records it, and which random decisions it makes.
#pragma once

#include "engine/autograd/tape.h"
#include "kernels/common/philox.h"
#include "kernels/common/step_scalars.h"

namespace ebb {

class PackedWeights;

/// What the passes over all shards of a batch have in common.
struct PassSettings {
  bool training = false;   // whether dropout is active
  std::uint64_t seed = 0;  // of the run
  std::uint32_t step = 0;  // of the run; micro-steps count
  // In the device's memory; where given, kernels read its dropout_step in place of `step`.
  const StepScalars* device_scalars = nullptr;
};

/// The positions of a sequence that a pass works on: the first `count` of `length`.
struct LeadingPositions {
  std::int64_t count = 1;
  std::int64_t length = 1;
};

/// Given to every operation and module. Without a tape nothing is recorded and no gradient exists;
/// there is no global mode.
struct Pass {
  Context& context;
  Tape* tape = nullptr;
  PassSettings settings = {};
  std::int64_t first_row =
      0;  // of this shard in the whole batch, so that shards draw different masks
  PackedWeights* packed_weights = nullptr;  // linear layers multiply in bf16; null: in f32
  LeadingPositions positions = {};  // what tensors hold, so that they drop what whole ones would
  bool attention_in_tf32 = false;   // on CUDA; else attention multiplies f32 exactly

  /// Whether any of the tensors, the inputs of an operation, needs a gradient on this pass's tape.
  template <class... Tensors>
  bool records(const Tensors&... tensors) const {
    if (tape == nullptr) return false;
    tape->start_operation();
    return (static_cast<int>(tape->reads(tensors)) | ...) != 0;
  }

  bool records(std::span<const Tensor> tensors) const {
    if (tape == nullptr) return false;
    tape->start_operation();
    bool wanted = false;
    for (const Tensor& tensor : tensors) wanted = tape->reads(tensor) || wanted;
    return wanted;
  }

  /// The value of a parameter, watched if there is a tape.
  Tensor parameter(const Parameter& parameter) const {
    return tape != nullptr ? tape->parameter(parameter) : parameter.value;
  }

  /// The same pass for tensors [batch, leading.count, ...].
  Pass with(LeadingPositions leading) const {
    Pass pass = *this;
    pass.positions = leading;
    return pass;
  }

  /// Dropout of a tensor that has `elements_per_row` elements for each row of the batch. Where it
  /// holds leading positions only, they are dropped as in the tensor of all.
  DropoutSpec dropout(double probability, std::uint32_t stream,
                      std::int64_t elements_per_row) const {
    if (!settings.training || probability == 0.0) return {};
    const std::int64_t whole_row = elements_per_row / positions.count * positions.length;
    DropoutSpec spec{.probability = static_cast<float>(probability),
                     .key = {.seed = settings.seed, .step = settings.step, .stream = stream},
                     .first_element = static_cast<std::uint64_t>(first_row * whole_row)};
    if (positions.count < positions.length) {
      spec.run = static_cast<std::uint64_t>(elements_per_row);
      spec.stride = static_cast<std::uint64_t>(whole_row);
    }
    if (settings.device_scalars != nullptr) {
      spec.device_step = &settings.device_scalars->dropout_step;
    }
    return spec;
  }
};

}  // namespace ebb

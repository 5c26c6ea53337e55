// One forward pass: where it runs, what records it, and which random decisions it makes.
#pragma once

#include "engine/autograd/tape.h"
#include "kernels/common/philox.h"

namespace ebb {

class PackedWeights;

/// What the passes over all shards of a batch have in common.
struct PassSettings {
  bool training = false;   // whether dropout is active
  std::uint64_t seed = 0;  // of the run
  std::uint32_t step = 0;  // of the run; micro-steps count
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

  /// Whether any of the tensors needs a gradient on this pass's tape.
  template <class... Tensors>
  bool records(const Tensors&... tensors) const {
    return tape != nullptr && (tape->wants(tensors) || ...);
  }

  /// The value of a parameter, watched if there is a tape.
  Tensor parameter(const Parameter& parameter) const {
    return tape != nullptr ? tape->parameter(parameter) : parameter.value;
  }

  /// Dropout of a tensor that has `elements_per_row` elements for each row of the batch.
  DropoutSpec dropout(double probability, std::uint32_t stream,
                      std::int64_t elements_per_row) const {
    if (!settings.training || probability == 0.0) return {};
    return {.probability = static_cast<float>(probability),
            .key = {.seed = settings.seed, .step = settings.step, .stream = stream},
            .first_element = static_cast<std::uint64_t>(first_row * elements_per_row)};
  }
};

}  // namespace ebb

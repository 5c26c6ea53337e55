// Counter-based random numbers: equal for every device, thread count and order of evaluation.
// Philox4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>

namespace ebb {

/// Identifies one stream of random decisions: the run's seed, the step (micro-steps count), and
/// the module that draws (streams are given to modules by name order).
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  std::uint32_t stream = 0;
};

/// The four random words of block number `block`: counter (block low, block high, step, stream).
constexpr std::array<std::uint32_t, 4> philox(const RandomKey& key, std::uint64_t block) {
  std::array<std::uint32_t, 4> x = {static_cast<std::uint32_t>(block),
                                    static_cast<std::uint32_t>(block >> 32), key.step, key.stream};
  auto key0 = static_cast<std::uint32_t>(key.seed);
  auto key1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * x[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * x[2];
    x = {static_cast<std::uint32_t>(product1 >> 32) ^ x[1] ^ key0,
         static_cast<std::uint32_t>(product1),
         static_cast<std::uint32_t>(product0 >> 32) ^ x[3] ^ key1,
         static_cast<std::uint32_t>(product0)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return x;
}

/// What dropout does to a tensor. A probability of 0 means no dropout.
struct DropoutSpec {
  float probability = 0.0F;  // of dropping, in [0, 1)
  RandomKey key;
  std::uint64_t first_element = 0;
  // A tensor that holds only the first `run` of every `stride` elements of the batch's tensor drops
  // those that the whole one would; 0: the tensor has no gaps.
  std::uint64_t run = 0;
  std::uint64_t stride = 0;
  std::uint64_t offset = 0;  // elements of the tensor before the part at hand
  // Where given, what kernels take for key.step when they run: in memory of their device, so that a
  // CUDA graph that was recorded once drops other elements in every step.
  const std::uint32_t* device_step = nullptr;

  constexpr bool active() const { return probability > 0.0F; }
  /// The key to draw with. On the device of device_step only.
  constexpr RandomKey drawn_key() const {
    return {.seed = key.seed,
            .step = device_step != nullptr ? *device_step : key.step,
            .stream = key.stream};
  }
  /// The index of element `i` of the part at hand in the whole batch.
  constexpr std::uint64_t element(std::uint64_t i) const {
    const std::uint64_t place = offset + i;
    return first_element + (run == 0 ? place : place / run * stride + place % run);
  }
  /// Decisions are 16-bit numbers; those below the threshold drop.
  constexpr std::uint32_t threshold() const {
    return static_cast<std::uint32_t>(probability * 65536.0F + 0.5F);
  }
  /// Kept elements are multiplied by 1 / (share kept), with the share the threshold really gives.
  constexpr float scale() const { return 65536.0F / static_cast<float>(65536u - threshold()); }
};

/// Whether dropout keeps the element with whole-batch index `element`: half (element mod 8) of
/// block element / 8, low halves first.
constexpr bool dropout_keeps(const RandomKey& key, std::uint32_t threshold, std::uint64_t element) {
  const auto words = philox(key, element / 8);
  const std::uint32_t word = words[(element % 8) / 2];
  const std::uint32_t decision = (element % 2) == 0 ? word & 0xffffu : word >> 16;
  return decision >= threshold;
}

/// What dropout multiplies element `i` of the tensor by: spec.scale() or 0.
constexpr float dropout_factor(const DropoutSpec& spec, std::int64_t i) {
  return dropout_keeps(spec.drawn_key(), spec.threshold(),
                       spec.element(static_cast<std::uint64_t>(i)))
             ? spec.scale()
             : 0.0F;
}

}  // namespace ebb

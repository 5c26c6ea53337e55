// Dropout on the CPU: one pass, 8 bytes and an eighth of a Philox block per element; the factors
// of a tile stay in the first-level cache.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dropout/dropout_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/dropout_factors.h"
#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/dropout/dropout_backends.h"
#include "kernels/dropout/dropout_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void drop_elements(const Dropout& p, std::int64_t first, std::int64_t last) {
  constexpr std::int64_t kTile = 1024;
  HWY_ALIGN float factors[kTile];
  for (std::int64_t tile = first; tile < last; tile += kTile) {
    const std::int64_t count = std::min(kTile, last - tile);
    dropout_factors(p.dropout, static_cast<std::uint64_t>(tile), count, factors);
    const float* input = p.input.as<float>() + tile;
    float* output = p.output.as<float>() + tile;
    const float* tile_factors = factors;
    for_vectors(count, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
      store(hn::Mul(load(input + i), load(tile_factors + i)), output + i);
    });
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <cstring>

namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(drop_elements);

}  // namespace

void dropout(Context& context, const Dropout& p) {
  if (p.input.dtype == DType::f64) return reference::dropout<double>(p);
  const std::int64_t count = p.input.elements();
  if (p.dropout.active()) {
    parallel_for(context, count, kParallelGrain, [&](std::int64_t begin, std::int64_t end) {
      HWY_DYNAMIC_DISPATCH(drop_elements)(p, begin, end);
    });
  } else if (p.output.data != p.input.data && count != 0) {
    std::memcpy(p.output.data, p.input.data, static_cast<std::size_t>(count) * sizeof(float));
  }
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE

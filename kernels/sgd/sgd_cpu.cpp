// Gradient descent on the CPU: bound by memory. Moves 12 bytes per element, 8 more with momentum
// and 8 more with the average.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sgd/sgd_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/denormals.h"
#include "kernels/common/prefetch.h"
#include "kernels/common/vector_loop.h"
#include "kernels/sgd/sgd_backends.h"
#include "kernels/sgd/sgd_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Updates elements [begin, begin + count).
void update_run(const SgdUpdate& p, const reference::SgdFactors<float>& f, std::int64_t begin,
                std::int64_t count, float weight_decay) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  float* parameters = p.parameters.as<float>() + begin;
  const float* gradients = p.gradients.as<float>() + begin;
  float* buffer = p.momentum != 0.0 ? p.momentum_buffer.as<float>() + begin : nullptr;
  float* average = p.average.present() ? p.average.as<float>() + begin : nullptr;
  const bool nesterov = p.nesterov;
  const V gradient_scale = hn::Set(d, f.gradient_scale);
  const V decay = hn::Set(d, weight_decay);
  const V momentum = hn::Set(d, f.momentum);
  const V learning_rate = hn::Set(d, f.learning_rate);
  const V average_share = hn::Set(d, f.average_share);
  for_vectors(count, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
    prefetch_line_to_write(parameters + i + kPrefetchedAhead);
    const V old = load(parameters + i);
    const V gradient = hn::MulAdd(load(gradients + i), gradient_scale, hn::Mul(decay, old));
    V direction = gradient;
    if (buffer != nullptr) {
      const V velocity = hn::MulAdd(momentum, load(buffer + i), gradient);
      store(velocity, buffer + i);
      direction = nesterov ? hn::MulAdd(momentum, velocity, gradient) : velocity;
    }
    const V parameter = hn::NegMulAdd(learning_rate, direction, old);
    store(parameter, parameters + i);
    if (average != nullptr) {
      const V mean = load(average + i);
      store(hn::MulAdd(average_share, hn::Sub(parameter, mean), mean), average + i);
    }
  });
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(update_run);

}  // namespace

void sgd(Context& context, const SgdUpdate& p) {
  if (p.parameters.dtype == DType::f64) return reference::sgd<double>(p);
  const reference::SgdFactors<float> factors(p);
  parallel_for_segments(context, p.segments, p.parameters.elements(), kParallelGrain,
                        [&](std::int64_t first, std::int64_t count, float weight_decay) {
                          const FlushDenormals flush;
                          HWY_DYNAMIC_DISPATCH(update_run)(p, factors, first, count, weight_decay);
                        });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE

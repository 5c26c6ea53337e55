// AdamW on the CPU: bound by memory. Moves 28 bytes per element, 36 with the average.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/adamw/adamw_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/adamw/adamw_backends.h"
#include "kernels/adamw/adamw_reference.h"
#include "kernels/common/denormals.h"
#include "kernels/common/prefetch.h"
#include "kernels/common/vector_loop.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Updates elements [begin, begin + count). `decay_rate` = learning_rate * weight_decay.
void update_run(const AdamWUpdate& p, const reference::AdamWFactors<float>& f, std::int64_t begin,
                std::int64_t count, float decay_rate) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  float* parameters = p.parameters.as<float>() + begin;
  const float* gradients = p.gradients.as<float>() + begin;
  float* first_moment = p.first_moment.as<float>() + begin;
  float* second_moment = p.second_moment.as<float>() + begin;
  float* average = p.average.present() ? p.average.as<float>() + begin : nullptr;
  const V gradient_scale = hn::Set(d, f.gradient_scale);
  const V decay = hn::Set(d, decay_rate);
  const V first_share = hn::Set(d, f.first_share);
  const V second_kept = hn::Set(d, f.second_kept);
  const V second_share = hn::Set(d, f.second_share);
  const V step_size = hn::Set(d, f.step_size);
  const V inverse_correction = hn::Set(d, f.inverse_correction);
  const V epsilon = hn::Set(d, f.epsilon);
  const V average_share = hn::Set(d, f.average_share);
  for_vectors(count, [=](std::int64_t i, auto load, auto store) HWY_ATTR {
    prefetch_line_to_write(parameters + i + kPrefetchedAhead);
    const V gradient = hn::Mul(load(gradients + i), gradient_scale);
    const V old_first = load(first_moment + i);
    const V first = hn::MulAdd(first_share, hn::Sub(gradient, old_first), old_first);
    const V square = hn::Mul(hn::Mul(gradient, gradient), second_share);
    const V second = hn::MulAdd(load(second_moment + i), second_kept, square);
    const V old = load(parameters + i);
    // Subtracting the decay keeps it exact where 1 - decay would be rounded to f32.
    const V decayed = hn::NegMulAdd(decay, old, old);
    const V divisor = hn::MulAdd(hn::Sqrt(second), inverse_correction, epsilon);
    const V parameter = hn::Sub(decayed, hn::Div(hn::Mul(step_size, first), divisor));
    store(first, first_moment + i);
    store(second, second_moment + i);
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

void adamw(Context& context, const AdamWUpdate& p) {
  if (p.parameters.dtype == DType::f64) return reference::adamw<double>(p);
  const reference::AdamWFactors<float> factors(p);
  parallel_for_segments(
      context, p.segments, p.parameters.elements(), kParallelGrain,
      [&](std::int64_t first, std::int64_t count, float weight_decay) {
        const FlushDenormals flush;
        HWY_DYNAMIC_DISPATCH(update_run)
        (p, factors, first, count,
         static_cast<float>(factors.learning_rate * static_cast<double>(weight_decay)));
      });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE

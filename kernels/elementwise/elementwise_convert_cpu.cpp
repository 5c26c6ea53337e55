// Fill and cast on the CPU: plain loops over every pair of element types, which the compiler
// vectorises where it matters (f32 with f64 and bf16). They run when tables and checkpoints are
// read, never in a training step.
#include <algorithm>
#include <type_traits>

#include "kernels/common/parallel.h"
#include "kernels/elementwise/elementwise_backends.h"
#include "kernels/elementwise/elementwise_element_types.h"
#include "kernels/elementwise/elementwise_reference.h"

namespace ebb::kernels::cpu {

void fill(Context& context, const Fill& p) {
  with_element_type(p.output.dtype, [&]<class T>(std::type_identity<T>) {
    const T value = reference::convert<T>(p.value);
    parallel_for(context, p.output.elements(), kParallelGrain,
                 [&](std::int64_t begin, std::int64_t end) {
                   std::fill(p.output.as<T>() + begin, p.output.as<T>() + end, value);
                 });
  });
}

void cast(Context& context, const Cast& p) {
  with_element_type(p.input.dtype, [&]<class From>(std::type_identity<From>) {
    with_element_type(p.output.dtype, [&]<class To>(std::type_identity<To>) {
      parallel_for(context, p.input.elements(), kParallelGrain,
                   [&](std::int64_t begin, std::int64_t end) {
                     const From* input = p.input.as<From>();
                     To* output = p.output.as<To>();
                     if constexpr (std::is_same_v<From, To>) {
                       std::copy(input + begin, input + end, output + begin);
                     } else {
                       std::transform(input + begin, input + end, output + begin,
                                      reference::convert<To, From>);
                     }
                   });
    });
  });
}

}  // namespace ebb::kernels::cpu

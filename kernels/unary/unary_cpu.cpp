// Unary functions on the CPU.
#include "kernels/common/parallel.h"
#include "kernels/unary/unary_backends.h"
#include "kernels/unary/unary_reference.h"

namespace ebb::kernels::cpu {
namespace {

// A call of the standard library costs as much as about 16 light operations.
constexpr std::int64_t kGrain = kParallelGrain / 16;

template <class T>
void forward(Context& context, const UnaryForward& p) {
  parallel_for(context, p.input.elements(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      p.output.as<T>()[i] = reference::unary(p.function, p.input.as<T>()[i]);
    }
  });
}

template <class T>
void backward(Context& context, const UnaryBackward& p) {
  parallel_for(context, p.input.elements(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const T slope =
          reference::unary_derivative(p.function, p.input.as<T>()[i], p.output.as<T>()[i]);
      p.grad_input.as<T>()[i] = slope * p.grad_output.as<T>()[i];
    }
  });
}

}  // namespace

void unary(Context& context, const UnaryForward& p) {
  p.input.dtype == DType::f64 ? forward<double>(context, p) : forward<float>(context, p);
}

void unary_backward(Context& context, const UnaryBackward& p) {
  p.input.dtype == DType::f64 ? backward<double>(context, p) : backward<float>(context, p);
}

}  // namespace ebb::kernels::cpu

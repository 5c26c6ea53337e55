// Unary functions on CUDA (map.cuh), computed in f32 and rounded once: 2 * sizeof(T) bytes per
// element, backward at most 4.
#include "kernels/common/cuda/map.cuh"
#include "kernels/unary/unary_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

struct Forward {
  UnaryFunction function;
  __device__ float operator()(float x) const {
    switch (function) {
      case UnaryFunction::exponential:
        return expf(x);
      case UnaryFunction::logarithm:
        return logf(x);
      case UnaryFunction::square_root:
        return sqrtf(x);
      case UnaryFunction::reciprocal:
        return 1.0F / x;
    }
    return x;
  }
};

/// Of the input x, the output y and the gradient of the output.
struct Backward {
  UnaryFunction function;
  __device__ float operator()(float x, float y, float gradient) const {
    switch (function) {
      case UnaryFunction::exponential:
        return y * gradient;
      case UnaryFunction::logarithm:
        break;
      case UnaryFunction::square_root:
        x = 2.0F * y;
        break;
      case UnaryFunction::reciprocal:
        return -y * y * gradient;
    }
    // Once in the code: a division is a call that takes registers.
    return 1.0F / x * gradient;
  }
};

}  // namespace

void unary(Context& context, const UnaryForward& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    map_elements(context, "unary", Forward{p.function}, p.input.elements(), p.output.as<T>(),
                 p.input.as<T>());
  });
}

void unary_backward(Context& context, const UnaryBackward& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    map_elements(context, "unary_backward", Backward{p.function}, p.input.elements(),
                 p.grad_input.as<T>(), p.input.as<T>(), p.output.as<T>(), p.grad_output.as<T>());
  });
}

}  // namespace ebb::kernels::cuda

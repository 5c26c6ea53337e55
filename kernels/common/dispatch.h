// From the context of an operation to the backend that runs it.
#pragma once

#include "kernels/common/context.h"

namespace ebb::kernels {

/// Calls kCpu(context, parameters) or kCuda(context, parameters), by the context's device. In a
/// build without CUDA kCuda need not be defined.
template <auto kCpu, auto kCuda, class Parameters>
void run_on_device(Context& context, const Parameters& parameters) {
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) return kCuda(context, parameters);
  }
  kCpu(context, parameters);
}

}  // namespace ebb::kernels

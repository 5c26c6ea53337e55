// Turns error codes of the CUDA runtime into exceptions. For .cu files.
#pragma once

#include <cuda_runtime_api.h>
#include <string_view>

#include "kernels/common/error.h"

namespace ebb::cuda {

/// A call of the CUDA runtime failed, or a kernel did before it.
class CudaError : public Error {
 public:
  using Error::Error;
};

/// Throws CudaError that says what was done (`doing`: "launching layer_norm") and CUDA's reason.
inline void check(cudaError_t status, std::string_view doing) {
  if (status == cudaSuccess) return;
  fail<CudaError>("CUDA: {} failed: {} ({}, code {})", doing, cudaGetErrorString(status),
                  cudaGetErrorName(status), static_cast<int>(status));
}

/// Whether EBB_CUDA_SYNC=1: after every launch and copy ebb waits for it, so that a fault is
/// reported by the operation that made it. For debugging and tests.
bool waits_after_every_launch();

/// What every asynchronous call ends with: reports what is wrong so far.
inline void finish(cudaError_t status, cudaStream_t stream, std::string_view doing) {
  check(status, doing);
  if (waits_after_every_launch()) check(cudaStreamSynchronize(stream), doing);
}

}  // namespace ebb::cuda

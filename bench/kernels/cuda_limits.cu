#include "bench/kernels/cuda_limits.h"
#include "kernels/common/cuda/check.h"
#include "kernels/common/cuda/runtime.h"

namespace ebb::bench {
namespace {

int attribute(Device device, cudaDeviceAttr name) {
  int value = 0;
  cuda::check(cudaDeviceGetAttribute(&value, name, device.index), "asking for an attribute");
  return value;
}

/// f32 operations of one multiprocessor in one clock; a multiply-add is two.
double f32_flops_per_clock(int capability) {
  return capability == 75 || capability == 80 ? 128.0 : 256.0;
}

/// The same of its tensor cores on halves with f32 sums, dense. Consumer parts of sm_86, 89 and 120
/// do half of what their f16 sums reach.
double half_flops_per_clock(int capability) {
  if (capability == 80) return 2048.0;
  if (capability == 90) return 4096.0;
  if (capability == 100 || capability == 103) return 8192.0;
  return 1024.0;
}

double flops_per_clock(int capability, DType dtype, Precision precision) {
  if (dtype == DType::bf16 || dtype == DType::f16) return half_flops_per_clock(capability);
  if (precision == Precision::tf32) return half_flops_per_clock(capability) / 2.0;
  return f32_flops_per_clock(capability);
}

}  // namespace

Limits cuda_limits(Device device, DType dtype, Precision precision) {
  const int capability = cuda::compute_capability(device);
  const double clock = attribute(device, cudaDevAttrClockRate) * 1e3;
  const double multiprocessors = cuda::multiprocessor_count(device);
  const double per_clock = flops_per_clock(capability, dtype, precision);
  const double memory_clock = attribute(device, cudaDevAttrMemoryClockRate) * 1e3;
  const double memory_bytes = attribute(device, cudaDevAttrGlobalMemoryBusWidth) / 8.0;
  constexpr double kTransfersPerClock = 2.0;
  return {.flops_per_second = per_clock * clock * multiprocessors,
          .bytes_per_second = kTransfersPerClock * memory_clock * memory_bytes};
}

}  // namespace ebb::bench

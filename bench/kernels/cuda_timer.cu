#include "bench/kernels/cuda_timer.h"
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
  if (capability == 100) return 8192.0;
  return 1024.0;
}

}  // namespace

struct CudaTimer::State {
  explicit State(Context& of) : context(of) {
    const Device device = context.device();
    flushed_bytes = 2 * static_cast<std::size_t>(attribute(device, cudaDevAttrL2CacheSize));
    flushed = allocate_device_memory(device, flushed_bytes);
    if (flushed == nullptr) fail("out of memory: {} bytes to fill the cache", flushed_bytes);
    cuda::check(cudaEventCreate(&start), "making an event");
    cuda::check(cudaEventCreate(&stop), "making an event");
  }
  ~State() {
    cudaEventDestroy(start);
    cudaEventDestroy(stop);
    free_device_memory(context.device(), flushed);
  }

  Context& context;
  std::size_t flushed_bytes = 0;
  void* flushed = nullptr;
  cudaEvent_t start{};
  cudaEvent_t stop{};
};

CudaTimer::CudaTimer(Context& context) : state_(std::make_unique<State>(context)) {}
CudaTimer::~CudaTimer() = default;

double CudaTimer::time(const std::function<void()>& body) {
  const CudaStream stream = state_->context.stream();
  cuda::zero(stream, state_->flushed, state_->flushed_bytes);
  cuda::check(cudaEventRecord(state_->start, stream), "recording an event");
  body();
  cuda::check(cudaEventRecord(state_->stop, stream), "recording an event");
  cuda::check(cudaEventSynchronize(state_->stop), "waiting for a kernel");
  float milliseconds = 0.0F;
  cuda::check(cudaEventElapsedTime(&milliseconds, state_->start, state_->stop), "reading events");
  return milliseconds * 1e-3;
}

Limits cuda_limits(Device device, DType dtype) {
  const int capability = cuda::compute_capability(device);
  const double clock = attribute(device, cudaDevAttrClockRate) * 1e3;
  const double multiprocessors = cuda::multiprocessor_count(device);
  const bool half = dtype == DType::bf16 || dtype == DType::f16;
  const double per_clock =
      half ? half_flops_per_clock(capability) : f32_flops_per_clock(capability);
  const double memory_clock = attribute(device, cudaDevAttrMemoryClockRate) * 1e3;
  const double memory_bytes = attribute(device, cudaDevAttrGlobalMemoryBusWidth) / 8.0;
  constexpr double kTransfersPerClock = 2.0;
  return {.flops_per_second = per_clock * clock * multiprocessors,
          .bytes_per_second = kTransfersPerClock * memory_clock * memory_bytes};
}

}  // namespace ebb::bench

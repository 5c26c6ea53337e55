#include "apps/ebb/devices.h"

#include "kernels/common/cuda/runtime.h"

namespace ebb::program {
namespace {

double gibibytes(std::size_t bytes) { return static_cast<double>(bytes) / (1024.0 * 1024 * 1024); }

std::string describe_gpu(const cuda::DeviceProperties& gpu) {
  return fmt::format("{}, compute capability {}.{}, {:.1f} GiB", gpu.name, gpu.major, gpu.minor,
                     gibibytes(gpu.total_bytes));
}

}  // namespace

std::string describe(Device device) {
  if constexpr (kBuiltWithCuda) {
    if (device.is_cuda()) {
      return fmt::format("{}, {}", to_string(device), describe_gpu(cuda::properties_of(device)));
    }
  }
  return to_string(device);
}

void note_device(Device device, std::FILE* stream) {
  if (device.is_cuda()) fmt::print(stream, "device    {}\n", describe(device));
}

void print_devices() {
  std::string names = "cpu";
  for (int i = 0; i < cuda_device_count(); ++i) names += fmt::format(", cuda:{}", i);
  fmt::print("devices          {}\n", names);
  const std::string reason = device_unavailable({DeviceKind::cuda, 0});
  if (!reason.empty()) {
    fmt::print("CUDA             none: {}\n", reason);
    return;
  }
  if constexpr (kBuiltWithCuda) {
    for (int i = 0; i < cuda_device_count(); ++i) {
      const cuda::DeviceProperties gpu = cuda::properties_of({DeviceKind::cuda, i});
      fmt::print("{:<15}  {} ({:.1f} free), {} multiprocessors\n", fmt::format("cuda:{}", i),
                 describe_gpu(gpu), gibibytes(gpu.free_bytes), gpu.multiprocessors);
    }
    fmt::print("CUDA             runtime {}, driver for {}\n", cuda::runtime_version(),
               cuda::driver_version());
  }
}

}  // namespace ebb::program

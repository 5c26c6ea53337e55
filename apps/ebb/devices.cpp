#include "apps/ebb/devices.h"

#include "apps/churn/config/device_choice.h"
#include "apps/ebb/output.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/cuda/shared_library.h"

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

Device take_device(std::string_view name) {
  const std::string reason = churn::why_no_gpu(name);
  if (!reason.empty()) warn(fmt::format("--device auto takes the CPU: {}", reason));
  return churn::choose_device(name);
}

void note_device(Device device, std::FILE* stream) {
  if (device.is_cuda()) fmt::print(stream, "device    {}\n", describe(device));
}

void print_devices() {
  std::string names = "cpu";
  for (int i = 0; i < cuda_device_count(); ++i) {
    if (device_unavailable({DeviceKind::cuda, i}).empty()) names += fmt::format(", cuda:{}", i);
  }
  fmt::print("devices          {}\n", names);
  if (cuda_device_count() == 0) {
    fmt::print("CUDA             none: {}\n", device_unavailable({DeviceKind::cuda, 0}));
    return;
  }
  if constexpr (kBuiltWithCuda) {
    for (int i = 0; i < cuda_device_count(); ++i) {
      const Device device{DeviceKind::cuda, i};
      const cuda::DeviceProperties gpu = cuda::properties_of(device);
      fmt::print("{:<15}  {} ({:.1f} free), {} multiprocessors\n", to_string(device),
                 describe_gpu(gpu), gibibytes(gpu.free_bytes), gpu.multiprocessors);
      const std::string reason = device_unavailable(device);
      if (!reason.empty()) fmt::print("{:<15}  is not used: {}\n", "", reason);
    }
    fmt::print("CUDA             runtime {}, driver for {}\n", cuda::runtime_version(),
               cuda::driver_version());
    fmt::print("cuBLASLt         {}\n",
               cuda::describe_library("libcublasLt.so.13", "cublasLtGetVersion"));
    fmt::print("cuDNN            {}\n", cuda::describe_library("libcudnn.so.9", "cudnnGetVersion"));
  }
}

}  // namespace ebb::program

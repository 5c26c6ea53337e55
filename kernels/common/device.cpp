#include "kernels/common/device.h"

#include <atomic>
#include <new>

#include "kernels/common/cuda/runtime.h"

namespace ebb {
namespace {

constexpr std::align_val_t kAlignment{64};

std::atomic<CacheRelease> cache_release = nullptr;

}  // namespace

std::string device_unavailable(Device device) {
  if (!device.is_cuda()) return {};
  if constexpr (kBuiltWithCuda) {
    const cuda::DeviceCount& found = cuda::count_devices();
    if (device.index < found.count) return cuda::lacks_code(device);
    if (found.count == 0) return found.why_none;
    return fmt::format("there is no such GPU: {} can be seen, counted from cuda:0", found.count);
  }
  return "this build of ebb has no CUDA kernels; use --device cpu, or build ebb with a CUDA 13 "
         "compiler: scripts/setup --cuda gets one, and cmake -B build -DEBB_CUDA=ON takes it";
}

void require_available(Device device) {
  const std::string reason = device_unavailable(device);
  if (!reason.empty()) fail<UnsupportedError>("device {}: {}", to_string(device), reason);
}

Device parse_device(std::string_view name) {
  if (name == "cpu") return {};
  if (name == "cuda") return {DeviceKind::cuda, 0};
  if (name.starts_with("cuda:") && name.size() > 5 && name.size() < 9 &&
      name.find_first_not_of("0123456789", 5) == std::string_view::npos) {
    return {DeviceKind::cuda, std::stoi(std::string(name.substr(5)))};
  }
  fail<DataError>("unknown device \"{}\": expected cpu, cuda or cuda:N", name);
}

int cuda_device_count() {
  if constexpr (kBuiltWithCuda) return cuda::count_devices().count;
  return 0;
}

void* allocate_device_memory(Device device, std::size_t bytes) {
  if constexpr (kBuiltWithCuda) {
    if (device.is_cuda()) {
      void* memory = cuda::allocate(device, bytes);
      const CacheRelease release = cache_release;
      if (memory != nullptr || release == nullptr) return memory;
      release(device);
      return cuda::allocate(device, bytes);
    }
  }
  return ::operator new(bytes, kAlignment, std::nothrow);
}

void set_cache_release(CacheRelease release) { cache_release = release; }

std::string describe_free_memory(Device device) {
  if constexpr (kBuiltWithCuda) {
    if (device.is_cuda()) {
      const cuda::MemoryInfo memory = cuda::memory_of(device);
      return fmt::format(", and {} of {} bytes are free", memory.free_bytes, memory.total_bytes);
    }
  }
  return {};
}

void free_device_memory(Device device, void* memory) noexcept {
  if constexpr (kBuiltWithCuda) {
    if (device.is_cuda()) return cuda::free(device, memory);
  }
  ::operator delete(memory, kAlignment);
}

}  // namespace ebb

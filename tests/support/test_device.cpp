#include "tests/support/test_device.h"

#include <cstdlib>
#include <new>

#include "kernels/common/cuda/runtime.h"

namespace ebb::testing {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

Device test_device() {
  static const Device device = [] {
    const char* name = std::getenv("EBB_TEST_DEVICE");
    const Device found = parse_device(name == nullptr ? "cpu" : name);
    require_available(found);
    return found;
  }();
  return device;
}

void FreeTestMemory::operator()(std::byte* memory) const {
  if constexpr (kBuiltWithCuda) {
    if (test_device().is_cuda()) return cuda::free(test_device(), memory);
  }
  ::operator delete(memory, kAlignment);
}

TestMemory test_memory(std::size_t bytes) {
  if constexpr (kBuiltWithCuda) {
    if (test_device().is_cuda()) {
      return TestMemory(static_cast<std::byte*>(cuda::allocate_managed(test_device(), bytes)));
    }
  }
  return TestMemory(static_cast<std::byte*>(::operator new(bytes, kAlignment)));
}

}  // namespace ebb::testing

// The device that a test program tests, and memory that both it and the host reach.
#pragma once

#include <cstddef>
#include <memory>

#include "kernels/common/device.h"

namespace ebb::testing {

/// What EBB_TEST_DEVICE names; the CPU without it.
Device test_device();

struct FreeTestMemory {
  void operator()(std::byte* memory) const;
};
using TestMemory = std::unique_ptr<std::byte[], FreeTestMemory>;

/// Exactly `bytes`: on CUDA an access beyond them is an error of the virtual GPU or of
/// compute-sanitizer.
TestMemory test_memory(std::size_t bytes);

}  // namespace ebb::testing

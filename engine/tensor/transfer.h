// Moving bytes between memory of any two devices, in the order of the work on tensors.
#pragma once

#include <cstddef>

#include "kernels/common/device.h"

namespace ebb {

/// Copies after all work that was given to either device so far. On return host memory, source or
/// destination, is the caller's again: a copy to the host waits for the device.
void transfer(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes);

/// Sets bytes of `device` to zero.
void fill_with_zeros(void* memory, Device device, std::size_t bytes);

}  // namespace ebb

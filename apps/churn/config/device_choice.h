// Where to run, as settings and options name it.
#pragma once

#include <string>
#include <string_view>

#include "kernels/common/device.h"

namespace ebb::churn {

/// What settings and options may say.
inline constexpr const char* kDeviceNames = "auto, cpu, cuda or cuda:N";

/// The device `name`; "auto" is the first GPU, or the CPU where CUDA can use none. Throws DataError
/// on other names, UnsupportedError on a device that cannot be used.
Device choose_device(std::string_view name);

/// Why choose_device() does not take the GPU that is there; empty where it does, where there is
/// none and where `name` says what to take.
std::string why_no_gpu(std::string_view name);

/// Throws DataError unless choose_device() knows the name.
void require_device_name(std::string_view name);

/// Whether choose_device() knows the name.
bool is_device_name(std::string_view name);

}  // namespace ebb::churn

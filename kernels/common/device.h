// Where a tensor lives and a kernel runs.
#pragma once

#include <string>
#include <string_view>

#include "kernels/common/error.h"

namespace ebb {

enum class DeviceKind { cpu, cuda };

struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;

  bool operator==(const Device&) const = default;
};

/// "cpu" or "cuda:0".
inline std::string to_string(Device device) {
  return device.kind == DeviceKind::cpu ? "cpu" : fmt::format("cuda:{}", device.index);
}

/// Throws UnsupportedError on a device that this build has no kernels for.
inline void require_available(Device device) {
  if (device.kind == DeviceKind::cuda) {
    fail<UnsupportedError>(
        "device {}: this build of ebb has no CUDA kernels; use --device cpu, or a version of ebb "
        "built with CUDA",
        to_string(device));
  }
}

/// Reads "cpu", "cuda" or "cuda:N". Throws Error on other names.
inline Device parse_device(std::string_view name) {
  if (name == "cpu") return {};
  if (name == "cuda") return {DeviceKind::cuda, 0};
  if (name.starts_with("cuda:") && name.size() > 5 && name.size() < 9 &&
      name.find_first_not_of("0123456789", 5) == std::string_view::npos) {
    return {DeviceKind::cuda, std::stoi(std::string(name.substr(5)))};
  }
  fail<DataError>("unknown device \"{}\": expected cpu, cuda or cuda:N", name);
}

}  // namespace ebb

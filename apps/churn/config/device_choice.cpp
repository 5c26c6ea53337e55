#include "apps/churn/config/device_choice.h"

namespace ebb::churn {
namespace {

constexpr std::string_view kAutomatic = "auto";
constexpr Device kFirstGpu{DeviceKind::cuda, 0};

}  // namespace

Device choose_device(std::string_view name) {
  if (name == kAutomatic) return device_unavailable(kFirstGpu).empty() ? kFirstGpu : Device();
  require_device_name(name);
  const Device device = parse_device(name);
  require_available(device);
  return device;
}

void require_device_name(std::string_view name) {
  if (is_device_name(name)) return;
  fail<DataError>("unknown device \"{}\": expected {}", name, kDeviceNames);
}

std::string why_no_gpu(std::string_view name) {
  if (name != kAutomatic || cuda_device_count() == 0) return {};
  return device_unavailable(kFirstGpu);
}

bool is_device_name(std::string_view name) {
  if (name == kAutomatic) return true;
  try {
    static_cast<void>(parse_device(name));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace ebb::churn

#include "apps/churn/config/device_choice.h"

namespace ebb::churn {
namespace {

constexpr std::string_view kAutomatic = "auto";

}  // namespace

Device choose_device(std::string_view name) {
  if (name == kAutomatic) return {cuda_device_count() > 0 ? DeviceKind::cuda : DeviceKind::cpu, 0};
  require_device_name(name);
  const Device device = parse_device(name);
  require_available(device);
  return device;
}

void require_device_name(std::string_view name) {
  if (is_device_name(name)) return;
  fail<DataError>("unknown device \"{}\": expected {}", name, kDeviceNames);
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

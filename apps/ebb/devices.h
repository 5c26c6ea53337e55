// What the program says about devices.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "kernels/common/device.h"

namespace ebb::program {

/// "cpu" or "cuda:0, NVIDIA H200, compute capability 9.0, 139.8 GiB".
std::string describe(Device device);

/// churn::choose_device(), with a warning where "auto" leaves a GPU that is there.
Device take_device(std::string_view name);

/// One line for the device that a command runs on, unless it is the CPU.
void note_device(Device device, std::FILE* stream);

/// The lines of `ebb info`: all devices that can be used, or why there is no GPU among them.
void print_devices();

}  // namespace ebb::program

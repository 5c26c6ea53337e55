// The option --device, shared by the commands that compute.
#pragma once

#include <CLI/CLI.hpp>

#include "apps/churn/config/device_choice.h"
#include "apps/ebb/limits.h"

namespace ebb::program {

/// Declares --device for a name that churn::choose_device() takes; without the option `device`, a
/// string or an optional one, stays as it is.
template <class Text>
CLI::Option* declare_device(CLI::App& command, Text& device) {
  return command
      .add_option(
          "--device", device,
          "Where to run: auto, cpu, cuda or cuda:N; auto takes the GPU if there is one (auto)")
      ->check(parsed_by(churn::require_device_name))
      ->type_name("NAME");
}

}  // namespace ebb::program

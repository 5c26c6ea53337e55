// The option --threads, shared by the commands that compute.
#pragma once

#include <CLI/CLI.hpp>

#include "apps/ebb/limits.h"

namespace ebb::program {

/// Declares --threads; without the option `threads`, an int or an optional one, stays as it is.
template <class Count>
CLI::Option* declare_threads(
    CLI::App& command, Count& threads,
    const char* description = "Threads, 0: all; results do not depend on it (0)") {
  return command.add_option("--threads", threads, description)
      ->transform(within(0, 4096))
      ->type_name("N");
}

}  // namespace ebb::program

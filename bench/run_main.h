// What the main function of every benchmark program does.
#pragma once

#include <exception>

#include <fmt/format.h>

namespace ebb::bench {

/// The exit code of `run(count, arguments)`; 3, and the message on standard error, if it throws.
template <class Run>
int run_main(Run run, int count, char** arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 3;
  }
}

}  // namespace ebb::bench

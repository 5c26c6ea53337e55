// Stopping a long command with Ctrl-C without losing work.
#pragma once

#include <string_view>

#include "apps/ebb/exit_code.h"

namespace ebb::program {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP is noted and said on standard error; the
/// second ends the program at once. A signal that is ignored (nohup, a background job) stays so.
/// One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

  /// Whether a signal has come.
  bool requested() const;
};

/// Says that `out` was not written. Returns the exit code.
ExitCode explain_interrupt(std::string_view out);

}  // namespace ebb::program

// Stopping a long command with Ctrl-C without losing work.
#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>

#include "apps/ebb/exit_code.h"
#include "kernels/common/error.h"

namespace ebb::program {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP is noted and said on standard error; the
/// second ends the program at once. A signal that is ignored (nohup, a background job) stays so.
/// One at a time.
class InterruptGuard {
 public:
  /// One that is not active hears nothing and changes nothing.
  explicit InterruptGuard(bool active = true);
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

  /// Whether a signal has come.
  bool requested() const;
  /// Ends what unless_interrupted() does if a signal has come.
  void stop_here() const;

 private:
  bool active_;
};

/// What InterruptGuard::stop_here() throws.
struct Interrupted {};

/// work(); nothing where a signal ended it. Ctrl-C also ends what feeds a pipe, which then looks
/// like a table that is empty or cut: that is not said of it.
template <class Work>
std::optional<std::invoke_result_t<Work>> unless_interrupted(const InterruptGuard& interrupt,
                                                             Work&& work) {
  try {
    return work();
  } catch (const Interrupted&) {
  } catch (const DataError&) {
    if (!interrupt.requested()) throw;
  } catch (const IoError&) {
    if (!interrupt.requested()) throw;
  }
  return std::nullopt;
}

/// work(interrupt), which writes the file `out`. Where a signal ends it, the incomplete file is
/// removed, and `stream` told that it was not written. Without a file, so that all goes to the
/// screen, a signal ends the program at once.
ExitCode write_unless_interrupted(const std::string& out,
                                  const std::function<ExitCode(const InterruptGuard&)>& work,
                                  std::FILE* stream = stdout);

}  // namespace ebb::program

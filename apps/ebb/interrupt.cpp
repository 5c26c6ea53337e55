#include "apps/ebb/interrupt.h"

#include <cerrno>
#include <csignal>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/output.h"

namespace ebb::program {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t stop_requested = 0;

/// Signals that are not ignored get this action.
void set_action(const struct sigaction& action) {
  for (const int number : kSignals) {
    struct sigaction before = {};
    sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);
  }
}

void restore_default() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  set_action(action);
}

/// A pipe may have nothing to read for long, and a step take long, so that one should know. What
/// reads standard error may have got the signal too, and be gone: that must not end the program.
void say_that_it_is_heard() {
  constexpr std::string_view kNotice =
      "\nebb: stopping as soon as possible; once more ends at once\n";
  const int error = errno;
  struct sigaction ignore = {};
  struct sigaction before = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kNotice.data(), kNotice.size());
  // Drops one that waits, where it is blocked, as the thread sanitizer does in handlers.
  sigaction(SIGPIPE, &ignore, nullptr);
  sigaction(SIGPIPE, &before, nullptr);
  errno = error;
}

void note(int) {
  stop_requested = 1;
  restore_default();
  say_that_it_is_heard();
}

}  // namespace

InterruptGuard::InterruptGuard(bool active) : active_(active) {
  stop_requested = 0;
  if (!active_) return;
  struct sigaction action = {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;  // reads and writes go on
  sigemptyset(&action.sa_mask);
  set_action(action);
}

InterruptGuard::~InterruptGuard() {
  if (active_) restore_default();
}

bool InterruptGuard::requested() const { return stop_requested != 0; }

void InterruptGuard::stop_here() const {
  if (requested()) throw Interrupted();
}

ExitCode write_unless_interrupted(const std::string& out,
                                  const std::function<ExitCode(const InterruptGuard&)>& work,
                                  std::FILE* stream) {
  const InterruptGuard interrupt(!out.empty() && out != kStandardOutput);
  const auto code = unless_interrupted(interrupt, [&] { return work(interrupt); });
  if (code) return *code;
  fmt::print(stream, "interrupted: {} was not written\n", churn::printable(out));
  return ExitCode::interrupted;
}

}  // namespace ebb::program

#include "apps/ebb/interrupt.h"

#include <csignal>

namespace ebb::program {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM};

volatile std::sig_atomic_t stop_requested = 0;

struct sigaction current(int number) {
  struct sigaction action = {};
  sigaction(number, nullptr, &action);
  return action;
}

// A signal that is ignored was so when the program started, as for nohup and a shell's background
// jobs, and stays so.
void restore_defaults() {
  for (const int number : kSignals) {
    if (current(number).sa_handler != SIG_IGN) std::signal(number, SIG_DFL);
  }
}

void note(int) {
  stop_requested = 1;
  restore_defaults();
}

}  // namespace

InterruptGuard::InterruptGuard() {
  stop_requested = 0;
  struct sigaction action = {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;  // reads and writes go on
  sigemptyset(&action.sa_mask);
  for (const int number : kSignals) {
    if (current(number).sa_handler != SIG_IGN) sigaction(number, &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() { restore_defaults(); }

bool InterruptGuard::requested() const { return stop_requested != 0; }

}  // namespace ebb::program

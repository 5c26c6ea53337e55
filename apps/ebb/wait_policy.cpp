// libgomp's threads spin for milliseconds before they sleep. When several programs share the
// processors, the spinning one takes the time that the thread it waits for needs: two trainings on
// two AMD processors took 7.2 ms a step, with steps of 38 ms among them, and 6.2 ms with 1000
// spins. So many should last as long as a parallel region of a step, but a spin is longer on some
// processors than on others. On an idle Intel Xeon a training alone takes 2.39 ms a step with 1000
// spins, 2.30 ms with 4000, 2.33 with 10000; two take 4.4, 4.5 and 5.2 ms each. Sleeping at once
// (OMP_WAIT_POLICY=passive) costs the one alone 10 %.
//
// libgomp reads its environment in its constructor, before any code of this program that could set
// a variable there: hence the second start.
#include "apps/ebb/wait_policy.h"

#include <cstdlib>
#include <omp.h>
#include <regex>
#include <sys/auxv.h>
#include <unistd.h>

#include <climits>
#include <fmt/format.h>

namespace ebb::program {
namespace {

constexpr const char* kSpins = "GOMP_SPINCOUNT";
constexpr const char* kPolicy = "OMP_WAIT_POLICY";
constexpr const char* kUsualSpins = "4000";

/// A bound thread's affinity would be all that the new start inherits: one processor.
bool threads_are_bound() { return omp_get_proc_bind() != omp_proc_bind_false; }

/// The file that starts this program anew; empty when it cannot be told. Where a loader was started
/// with the program as its argument, the kernel knows the loader alone: who starts programs so
/// names itself in EBB_LAUNCHER (scripts/bundle_files/launcher).
std::string own_path() {
  if (getauxval(AT_BASE) == 0) {
    const char* launcher = std::getenv("EBB_LAUNCHER");
    return launcher == nullptr ? "" : launcher;
  }
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0 || length == sizeof(path)) return {};
  return {path, static_cast<std::size_t>(length)};
}

/// Unsets what libgomp has refused, of which it would complain a second time.
void forget_refused_threads() {
  constexpr const char* kThreads = "OMP_NUM_THREADS";
  const char* threads = std::getenv(kThreads);
  if (threads == nullptr) return;
  // Numbers of threads, one for each level of nesting.
  static const std::regex accepted(R"(\s*0*[1-9]\d{0,8}\s*(,\s*0*[1-9]\d{0,8}\s*)*)");
  if (!std::regex_match(threads, accepted)) unsetenv(kThreads);
}

}  // namespace

void settle_wait_policy(char** arguments) {
  if (std::getenv(kSpins) != nullptr || std::getenv(kPolicy) != nullptr) return;
  if (threads_are_bound()) return;
  const std::string path = own_path();
  // With the variable set the new start returns above, so this cannot repeat.
  if (path.empty() || setenv(kSpins, kUsualSpins, 0) != 0) return;
  forget_refused_threads();
  execv(path.c_str(), arguments);
  unsetenv(kSpins);
}

std::string wait_policy() {
  if (const char* spins = std::getenv(kSpins)) return fmt::format("{}={}", kSpins, spins);
  if (const char* policy = std::getenv(kPolicy)) return fmt::format("{}={}", kPolicy, policy);
  return "OpenMP's default";
}

}  // namespace ebb::program

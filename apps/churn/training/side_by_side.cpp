#include "apps/churn/training/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "kernels/common/context.h"

namespace ebb::churn {

int threads_of_each(int threads, int jobs) {
  return std::max(1, (threads > 0 ? threads : default_threads()) / jobs);
}

void run_side_by_side(
    std::size_t count, int jobs, int threads, const std::function<bool()>& go_on,
    const std::function<void(std::size_t, const std::function<bool()>& go_on)>& task) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> has_failed = false;
  std::vector<std::exception_ptr> errors(count);
  const std::function<bool()> may_go_on = [&] { return !has_failed && go_on(); };
  const auto work = [&] {
    set_default_threads(threads);
    for (std::size_t i = next++; i < count && may_go_on(); i = next++) {
      try {
        task(i, may_go_on);
      } catch (...) {
        errors[i] = std::current_exception();
        has_failed = true;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < jobs; ++i) workers.emplace_back(work);
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace ebb::churn

// Trainings that run at the same time.
#pragma once

#include <cstddef>
#include <functional>

namespace ebb::churn {

/// The threads of each of `jobs` that share `threads`, of which 0 means all.
int threads_of_each(int threads, int jobs);

/// task(0) to task(count - 1), `jobs` at a time and begun in this order, each in a thread whose
/// default is `threads`. A task is also given what says whether to go on: not where `go_on` is
/// false, nor once another task has thrown; then none is begun, either. The error of the first of
/// those that threw is thrown at the end.
void run_side_by_side(
    std::size_t count, int jobs, int threads, const std::function<bool()>& go_on,
    const std::function<void(std::size_t, const std::function<bool()>& go_on)>& task);

}  // namespace ebb::churn

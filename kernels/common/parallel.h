// The only place where ebb starts threads inside a computation.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>

#include "kernels/common/blocks.h"
#include "kernels/common/context.h"

namespace ebb {

/// An empty parallel region costs about 3 microseconds, 64 K light elements about 5: below this
/// much work per thread, starting threads does not pay.
inline constexpr std::int64_t kParallelGrain = 32 * 1024;

/// Calls body(begin, end) over disjoint ranges that cover [0, count), on up to context.threads()
/// threads; with more than one, a range is about half a `grain` or longer. Ranges depend on the
/// number of threads: a body must compute each item independently of the others in its range
/// (reduce over fixed blocks and combine them in order instead). The first exception thrown is
/// passed on.
template <class Body>
void parallel_for(const Context& context, std::int64_t count, std::int64_t grain, Body&& body) {
  if (count <= 0) return;
  const std::int64_t most = blocks_of(count, std::max<std::int64_t>(grain, 1));
  const auto threads = std::min<std::int64_t>(context.threads(), most);
  if (threads <= 1) {
    body(std::int64_t{0}, count);
    return;
  }
  std::exception_ptr failure;
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
#pragma omp parallel for schedule(static) num_threads(static_cast <int>(threads))
  for (std::int64_t part = 0; part < threads; ++part) {
    try {
      body(count * part / threads, count * (part + 1) / threads);
    } catch (...) {
      if (!failed.test_and_set()) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace ebb

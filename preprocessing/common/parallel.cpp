#include "preprocessing/common/parallel.h"

#include <algorithm>
#include <exception>
#include <mutex>

#include "kernels/common/parallel.h"

namespace ebb::preprocessing {

void parallel_for(std::size_t count, std::size_t work,
                  const std::function<void(std::size_t)>& body) {
  std::exception_ptr first_error;
  std::size_t first_index = count;
  std::mutex mutex;
  const Context context;
  const std::int64_t grain = kParallelGrain / static_cast<std::int64_t>(std::max<std::size_t>(
                                                  1, std::min<std::size_t>(work, kParallelGrain)));
  ebb::parallel_for(
      context, static_cast<std::int64_t>(count), grain, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          try {
            body(i);
          } catch (...) {
            const std::lock_guard lock(mutex);
            if (i >= first_index) return;
            first_index = i;
            first_error = std::current_exception();
            return;  // what follows in this range has a higher index
          }
        }
      });
  if (first_error) std::rethrow_exception(first_error);
}

void parallel_ranges(std::size_t count, std::size_t columns, std::size_t grain,
                     const std::function<void(std::size_t, std::size_t)>& body) {
  const std::size_t ranges = (count + grain - 1) / grain;
  parallel_for(ranges, grain * columns, [&](std::size_t range) {
    body(range * grain, std::min(count, (range + 1) * grain));
  });
}

}  // namespace ebb::preprocessing

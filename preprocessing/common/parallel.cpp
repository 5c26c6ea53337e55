#include "preprocessing/common/parallel.h"

#include <algorithm>
#include <exception>
#include <mutex>

namespace ebb::preprocessing {

void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (count == 0) return;
  std::exception_ptr first_error;
  std::size_t first_index = count;
  std::mutex mutex;
#pragma omp parallel for schedule(static) if (count > 1)
  for (std::size_t i = 0; i < count; ++i) {
    try {
      body(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (i < first_index) {
        first_index = i;
        first_error = std::current_exception();
      }
    }
  }
  if (first_error) std::rethrow_exception(first_error);
}

void parallel_ranges(std::size_t count, std::size_t grain,
                     const std::function<void(std::size_t, std::size_t)>& body) {
  const std::size_t ranges = (count + grain - 1) / grain;
  parallel_for(ranges, [&](std::size_t range) {
    body(range * grain, std::min(count, (range + 1) * grain));
  });
}

}  // namespace ebb::preprocessing

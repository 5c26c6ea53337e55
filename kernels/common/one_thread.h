// Keeps oneDNN on the calling thread.
#pragma once

#include <omp.h>

namespace ebb {

/// While it lives, OpenMP starts no threads for the calling one: oneDNN would divide one call among
/// them, and the division would show in the bits.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() { omp_set_num_threads(before_); }

 private:
  int before_;
};

}  // namespace ebb

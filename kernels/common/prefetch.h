// Memory that a loop on the CPU is about to use, asked for while it works on something else.
#pragma once

#include <cstdint>

namespace ebb::kernels {

/// Floats in a line of a cache.
inline constexpr std::int64_t kLine = 64 / sizeof(float);
/// How far ahead a loop over floats asks: 8, 16 and 32 lines are equally fast.
inline constexpr std::int64_t kPrefetchedAhead = 16 * kLine;

/// Asks for a line of memory to come into the second-level cache.
inline void prefetch_line(const float* at) {
  constexpr int kSecondLevel = 2;
  __builtin_prefetch(at, 0, kSecondLevel);
}

/// Asks for a line to come into this processor's cache alone, to be written there. For what every
/// thread has read: a store to such a line waits until the other processors have given it up.
/// Processors of x86 that cannot do this take it for no operation.
inline void prefetch_line_to_write(const float* at) {
#if defined(__x86_64__)
  // The builtin would only ask to read, unless the compiler may use PREFETCHW throughout.
  asm volatile("prefetchw (%0)" : : "r"(at));
#else
  __builtin_prefetch(at, 1);
#endif
}

}  // namespace ebb::kernels

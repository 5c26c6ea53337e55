// VGPU_SCHED=random:SEED: warps of a block and blocks of a grid run in random order, with turns of
// random length, so that code that relies on an order without synchronising shows. The same seed
// gives the same order (with VGPU_THREADS=1).
#pragma once
#include "tests/vgpu/src/common.h"
namespace vgpu {
struct Schedule {
  bool random;
  u64 seed;
};
inline const Schedule& schedule() {
  static const Schedule s = [] {
    std::string e = environment_text("VGPU_SCHED", "");
    if (e.empty()) return Schedule{false, 0};
    if (e.rfind("random", 0) != 0) {
      log_line("VGPU_SCHED: only random or random:SEED is known");
      return Schedule{false, 0};
    }
    return Schedule{true, e.size() > 7 ? strtoull(e.c_str() + 7, nullptr, 0) : 1};
  }();
  return s;
}
inline u64 mix(u64 x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ x >> 27) * 0x94D049BB133111EBull;
  return x ^ x >> 31;
}
// A permutation of [0, n) for seed s, at i, without a table: a Feistel network on the next power of
// four, walked until inside.
inline u64 permuted(u64 i, u64 n, u64 s) {
  u32 half = 1;
  while ((1ull << 2 * half) < n) half++;
  const u64 m = (1ull << half) - 1;
  do {
    u64 a = i >> half, b = i & m;
    for (u32 r = 0; r < 4; r++) {
      u64 t = a ^ (mix(b ^ s ^ (u64)r << 56) & m);
      a = b;
      b = t;
    }
    i = a << half | b;
  } while (i >= n);
  return i;
}
// Block number that is started as the i-th. Blocks change places within windows that can be
// resident together, because library code (decoupled look-back) waits for blocks with lower
// numbers.
inline u64 scheduled_block(u64 i, u64 total, u64 resident, u64 launch) {
  const u64 window = resident < 2     ? 1
                     : resident < 256 ? resident
                                      : 256,
            base = i / window * window, n = total - base < window ? total - base : window;
  return base + permuted(i - base, n, mix(schedule().seed ^ launch << 20 ^ base));
}
}  // namespace vgpu

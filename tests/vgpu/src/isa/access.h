// From lane addresses to host memory: bounds and alignment checks, access-pattern counters.
#pragma once
#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
struct Access {
  // Window: 4-byte accesses that all fall into 128 bytes (a scattered pattern that two loads and a
  // permutation serve).
  enum Kind : u8 { Scattered, Contiguous, Same, Far, Window };
  u8* base;   // first active lane's memory
  int first;  // that lane
  Kind kind;
  const s32* rel;  // byte offset of each lane from base (not for Far)
  const s32* win;
  s32 win_lo;
  u32 win_words;  // Window
  alignas(64) s32 relbuf[32];
  alignas(64) u64 ad[32];  // lane addresses; for Far: host pointers
  u8* at(int lane) const { return kind == Far ? (u8*)ad[lane] : base + rel[lane]; }
};
// Where the handler's operand I.a + I.imm points, per lane. bytes: per lane. Faults on bad
// addresses.
void resolve(Warp& w, const Instruction& I, u32 mask, Space sp, u32 bytes, bool store, Access& A);
// One lane, one address (atomics, printf, ...): host pointer after the checks.
u8* lane_pointer(Warp& w, const Instruction& I, int lane, u64 addr, Space sp, u32 bytes, u32 align,
                 bool store);
VGPU_INLINE void lane_addresses(Warp& w, const Instruction& I, u64* ad) {
  const s64 off = I.imm;
  if (I.x & 2) {
    const u32* a = w.R<u32>(I.a);
    for (int i = 0; i < 32; i++) ad[i] = (u32)(a[i] + (u32)off);
  } else {
    const u64* a = w.R<u64>(I.a);
    for (int i = 0; i < 32; i++) ad[i] = a[i] + (u64)off;
  }
}

// The common case: the same access pattern as last time, inside the same allocation (or the block's
// shared memory). Fills A and returns true; otherwise the caller goes through resolve().
template <u32 BYTES>
VGPU_INLINE bool resolve_fast(Warp& w, const Instruction& I, u32 mask, Access& A) {
  Memo& m = w.memo[I.mem];
  if (m.mask != mask) return false;
  const int first = __builtin_ctz(mask);
  if (I.y == (u8)Space::Shared) {
    if (!(I.x & 2) || m.space != 2) return false;
    const u32* a = w.R<u32>(I.a);
    const __m512i v = _mm512_set1_epi32((s32)a[first]);
    const u32 ne = (u32)_mm512_cmpneq_epi32_mask(_mm512_sub_epi32(_mm512_load_si512(a), v),
                                                 _mm512_load_si512(m.rel)) |
                   (u32)_mm512_cmpneq_epi32_mask(_mm512_sub_epi32(_mm512_load_si512(a + 16), v),
                                                 _mm512_load_si512(m.rel + 16))
                       << 16;
    const u32 b = a[first] + (u32)I.imm;
    if ((ne & mask) || !m.aligned || ((m.mod ^ b) & (BYTES - 1)) || (s64)b + m.lo_off < 0 ||
        (s64)b + m.hi_off + BYTES > w.shared_size)
      return false;
    A.base = w.shared + b;
  } else if (I.y == (u8)Space::Global || I.y == (u8)Space::Const) {
    if ((I.x & 2) || m.space != 1 || m.epoch != w.epoch) return false;
    const u64* a = w.R<u64>(I.a);
    const __m512i v = _mm512_set1_epi64((s64)a[first]);
    u32 ne = 0;
    for (int k = 0; k < 4; k++)
      ne |= (u32)_mm512_cmpneq_epi64_mask(_mm512_sub_epi64(_mm512_load_si512(a + 8 * k), v),
                                          _mm512_load_si512(m.rel64 + 8 * k))
            << (8 * k);
    const u64 b = a[first] + (u64)I.imm;
    if ((ne & mask) || !m.aligned || m.mod != (b & 31) || b + (s64)m.lo_off < m.lo ||
        b + (s64)m.hi_off + BYTES > m.hi)
      return false;
    A.base = (u8*)b;
    const u8* ahead = A.base + 4 * (s64)(b - m.last);
    m.last = b;
    __builtin_prefetch(ahead);
    __builtin_prefetch(ahead + 64);
  } else
    return false;
  m.hits++;
  A.first = first;
  A.kind = (Access::Kind)m.kind;
  A.rel = m.rel;
  A.win = m.win;
  A.win_lo = m.lo_off;
  A.win_words = m.win_words;
  return true;
}
}  // namespace vgpu

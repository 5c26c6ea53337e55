// Shared-memory accesses of 16-byte rows (ldmatrix, stmatrix, cp.async): addresses, checks,
// wavefronts.
#pragma once
#include "tests/vgpu/src/exec/race.h"
#include "tests/vgpu/src/isa/access.h"
namespace vgpu {
// Wavefronts that 16-byte accesses at shared offsets off[lane] need: eight lanes a phase, 32 banks
// of 4 bytes, lanes with equal addresses served together. Returns the sum over phases; `ideal` gets
// the number of phases with active lanes.
u32 waves16(const u32* off, u32 mask, u32& ideal);
u32 waves_narrow(const u32* off, u32 mask, u32 bytes, u32& ideal);  // 4 or 8 bytes a lane

// Shared offsets of the lanes of `mask` for the address operand (I.a + I.imm, I.x, I.y as
// Lower::address leaves them); checks bounds and alignment of `bytes` each. Faults name the
// instruction.
void shared_offsets(Warp& w, const Instruction& I, u32 mask, u32 bytes, bool store,
                    const void* areg, bool reg32, s64 imm, Space sp, u32* off);
// The same for the rows of an 8x8-matrix instruction, counted and seen by the race check.
VGPU_INLINE void matrix_rows(Warp& w, const Instruction& I, u32 mask, bool store, u32* off) {
  shared_offsets(w, I, mask, 16, store, w.R<u8>(I.a), I.x & 2, I.imm, (Space)I.y, off);
  Memo& m = w.memo[I.mem];
  u32 ideal, n = waves16(off, mask, ideal);
  m.s_req++;
  m.s_waves += n;
  m.s_ideal += ideal;
  m.s_bytes += 16 * (u64)__builtin_popcount(mask);
  if (VGPU_UNLIKELY(race_on))
    race_access(w, I, mask, off, 16, store ? RaceKind::Write : RaceKind::Read);
}
VGPU_INLINE __m512i four_rows_at(const u8* shared, const u32* off) {
  __m512i v = _mm512_castsi128_si512(_mm_load_si128((const __m128i*)(shared + off[0])));
  v = _mm512_inserti32x4(v, _mm_load_si128((const __m128i*)(shared + off[1])), 1);
  v = _mm512_inserti32x4(v, _mm_load_si128((const __m128i*)(shared + off[2])), 2);
  return _mm512_inserti32x4(v, _mm_load_si128((const __m128i*)(shared + off[3])), 3);
}
}  // namespace vgpu

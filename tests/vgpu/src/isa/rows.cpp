#include "tests/vgpu/src/isa/rows.h"

#include "tests/vgpu/src/exec/block.h"
namespace vgpu {
u32 waves16(const u32* off, u32 mask, u32& ideal) {
  // Per lane a nibble counter for its 16-byte column of the banks; sums over the eight lanes of a
  // phase.
  u32 sum[4];
  for (int k = 0; k < 2; k++) {
    const __m512i o = _mm512_load_si512(off + 16 * k);
    const __m512i col = _mm512_and_si512(_mm512_srli_epi32(o, 2), _mm512_set1_epi32(0x1c));
    __m512i s = _mm512_maskz_sllv_epi32((__mmask16)(mask >> (16 * k)), _mm512_set1_epi32(1), col);
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, (_MM_PERM_ENUM)0x4e));
    s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, (_MM_PERM_ENUM)0xb1));
    s = _mm512_add_epi32(s, _mm512_shuffle_i32x4(s, s, 0xb1));
    sum[2 * k] = (u32)_mm_cvtsi128_si32(_mm512_castsi512_si128(s));
    sum[2 * k + 1] = (u32)_mm_cvtsi128_si32(_mm512_extracti32x4_epi32(s, 2));
  }
  u32 n = 0;
  ideal = 0;
  for (int p = 0; p < 4; p++) {
    const u32 m = mask >> (8 * p) & 0xff;
    if (!m) continue;
    ideal++;
    if (VGPU_LIKELY(!(sum[p] & 0xeeeeeeee))) {
      n++;
      continue;
    }
    u32 seen[8], k = 0, worst = 0;
    u8 cnt[8] = {0};  // conflicts, or lanes that share a row
    for_lanes(m, [&](int i) {
      const u32 r = off[8 * p + i] >> 4;
      for (u32 j = 0; j < k; j++)
        if (seen[j] == r) return;
      seen[k++] = r;
      worst = std::max(worst, (u32)++cnt[r & 7]);
    });
    n += worst;
  }
  return n;
}
u32 waves_narrow(const u32* off, u32 mask, u32 bytes, u32& ideal) {
  const u32 per = bytes == 8 ? 16 : 32, words = bytes / 4;
  u32 n = 0;
  ideal = 0;
  for (u32 p = 0; p < 32; p += per) {
    const u32 m = mask >> p & (per == 32 ? ~0u : 0xffffu);
    if (!m) continue;
    u8 cnt[32] = {0};
    u32 seen[32][32], worst = 0;  // per bank: the words asked for
    for_lanes(m, [&](int i) {
      for (u32 k = 0; k < words; k++) {
        const u32 x = off[p + i] / 4 + k, b = x & 31;
        u32 j = 0;
        while (j < cnt[b] && seen[b][j] != x) j++;
        if (j < cnt[b]) continue;
        seen[b][cnt[b]++] = x;
        worst = std::max(worst, (u32)cnt[b]);
      }
    });
    n += worst;
    ideal++;
  }
  return n;
}
void shared_offsets(Warp& w, const Instruction& I, u32 mask, u32 bytes, bool store,
                    const void* areg, bool reg32, s64 imm, Space sp, u32* off) {
  if (VGPU_LIKELY(reg32)) {
    const __m512i d = _mm512_set1_epi32((s32)imm);
    for (int k = 0; k < 2; k++)
      _mm512_store_si512(off + 16 * k,
                         _mm512_add_epi32(_mm512_load_si512((const u32*)areg + 16 * k), d));
  } else {
    const u64* a = (const u64*)areg;
    for_lanes(mask, [&](int i) {
      const u64 v = a[i] + (u64)imm, win = v & kWindowMask;
      if (sp == Space::Generic && win != kSharedWindow && win != kClusterWindow)
        w.fault(ERR_INVALID_ADDRESS_SPACE, I, i,
                format_text("generic address 0x%llx (lane %d) is not in shared memory",
                            (unsigned long long)v, i));
      off[i] = (u32)v;
    });
  }
  u32 bad = 0;
  const u32 last = w.shared_size >= bytes ? w.shared_size - bytes : 0;
  if (VGPU_UNLIKELY(w.shared_size < bytes)) bad = mask;
  for (int k = 0; k < 2; k++) {
    const __m512i o = _mm512_load_si512(off + 16 * k);
    bad |= (u32)(_mm512_cmpgt_epu32_mask(o, _mm512_set1_epi32((s32)last)) |
                 _mm512_test_epi32_mask(o, _mm512_set1_epi32((s32)bytes - 1)))
           << (16 * k);
  }
  if (VGPU_UNLIKELY(bad & mask)) {
    for_lanes(bad & mask, [&](int i) {
      lane_pointer(w, I, i, off[i], Space::Shared, bytes, bytes, store);
    });  // says what is wrong
  }
}
}  // namespace vgpu

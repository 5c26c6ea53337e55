#include "tests/vgpu/src/isa/access.h"

#include <algorithm>

#include "tests/vgpu/src/exec/block.h"
#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/exec/race.h"
#include "tests/vgpu/src/isa/hopper.h"
namespace vgpu {
namespace {
// Distinct values among the active lanes.
u32 count_distinct(const s32* v, u32 mask) {
  __m512i a = _mm512_load_si512(v), b = _mm512_load_si512(v + 16);
  u32 n = 0;
  while (mask) {
    __m512i x = _mm512_set1_epi32(v[__builtin_ctz(mask)]);
    mask &= ~((u32)_mm512_cmpeq_epi32_mask(a, x) | (u32)_mm512_cmpeq_epi32_mask(b, x) << 16);
    n++;
  }
  return n;
}
u32 sectors_of(u64 base, const s32* rel, u32 mask, u32 bytes) {
  alignas(64) s32 s[32];
  const s32 lowbits = (s32)(base & 31);
  for (int i = 0; i < 32; i++) s[i] = (rel[i] + lowbits) >> 5;
  return count_distinct(s, mask) * (bytes > 32 ? bytes / 32 : 1);
}
// Shared memory serves 32 banks of 4 bytes per wavefront; wide accesses go in phases of 128 bytes.
// Moving all lanes by the same number of words only rotates the banks, so the base hardly matters.
void bank_conflicts(u64 base, const s32* rel, u32 mask, u32 bytes, u16& waves, u16& ideal) {
  u32 per = bytes <= 4 ? 32 : bytes == 8 ? 16 : bytes == 16 ? 8 : 4;
  u32 nw = 0, ni = 0;
  for (u32 p = 0; p < 32; p += per) {
    u32 m = mask >> p & (per == 32 ? ~0u : (1u << per) - 1);
    if (!m) continue;
    s32 words[32][32];  // by bank
    u8 cnt[32] = {0};
    u32 worst = 0;
    for (; m; m &= m - 1) {
      int lane = (int)p + __builtin_ctz(m);
      for (u32 k = 0; k < std::max(1u, bytes / 4); k++) {
        s32 wd = (s32)((rel[lane] + (s32)(base & 127)) >> 2) + (s32)k;
        const u32 bank = (u32)wd & 31;
        s32* const end = words[bank] + cnt[bank];
        if (std::find(words[bank], end, wd) != end) continue;
        *end = wd;
        worst = std::max(worst, (u32)++cnt[bank]);
      }
    }
    nw += worst;
    ni += 1;
  }
  waves = (u16)nw;
  ideal = (u16)ni;
}

[[noreturn, gnu::noinline]] void bad_global(Warp& w, const Instruction& I, int lane, u64 addr,
                                            u32 bytes, bool store) {
  w.fault(ERR_ILLEGAL_ADDRESS, I, lane,
          format_text("illegal global memory %s of %u bytes at 0x%llx (lane %d): %s",
                      store ? "store" : "load", bytes, (unsigned long long)addr, lane,
                      memtable().describe(addr).c_str()));
}
[[noreturn, gnu::noinline]] void misaligned(Warp& w, const Instruction& I, int lane, u64 addr,
                                            u32 align, const char* what) {
  w.fault(ERR_MISALIGNED, I, lane,
          format_text("misaligned %s access at 0x%llx (lane %d): needs alignment %u", what,
                      (unsigned long long)addr, lane, align));
}
[[noreturn, gnu::noinline]] void bad_shared(Warp& w, const Instruction& I, int lane, u64 off,
                                            u32 bytes, bool store) {
  w.fault(
      ERR_ILLEGAL_ADDRESS, I, lane,
      format_text(
          "shared memory %s of %u bytes at offset 0x%llx (lane %d) outside the block's %u bytes",
          store ? "store" : "load", bytes, (unsigned long long)off, lane, w.shared_size));
}
VGPU_INLINE u32 align_of(u32 bytes) { return bytes; }

// Lane offsets from the first lane; false if they do not fit 32 bits.
VGPU_INLINE bool relative(const u64* ad, u64 b, u32 mask, s32* rel) {
  const __m512i vb = _mm512_set1_epi64((s64)b);
  u32 ok = 0;
  for (int k = 0; k < 4; k++) {
    __m512i d = _mm512_sub_epi64(_mm512_load_si512(ad + 8 * k), vb);
    __m256i r = _mm512_cvtepi64_epi32(d);
    _mm256_store_si256((__m256i*)(rel + 8 * k), r);
    ok |= (u32)_mm512_cmpeq_epi64_mask(_mm512_cvtepi32_epi64(r), d) << (8 * k);
  }
  return (mask & ~ok) == 0;
}
VGPU_INLINE bool same_pattern(const Memo& m, const s32* rel, u32 mask) {
  if (m.mask != mask) return false;
  u32 ne = (u32)_mm512_cmpneq_epi32_mask(_mm512_load_si512(m.rel), _mm512_load_si512(rel)) |
           (u32)_mm512_cmpneq_epi32_mask(_mm512_load_si512(m.rel + 16), _mm512_load_si512(rel + 16))
               << 16;
  return (ne & mask) == 0;
}
[[gnu::noinline]] void learn(Memo& m, const Access& A, u64 base, u32 mask, u32 bytes, u8 space) {
  m.flush();
  memcpy(m.rel, A.rel, sizeof m.rel);
  for (int i = 0; i < 32; i++) m.rel64[i] = A.rel[i];
  m.bytes = (u8)bytes;
  m.lanes = (u8)__builtin_popcount(mask);
  m.mask = mask;
  m.mod = (u32)(base & 31);
  m.space = space;
  s32 lo = INT32_MAX, hi = INT32_MIN;
  bool contig = true, same = true, al = true;
  for (u32 q = mask; q; q &= q - 1) {
    int i = __builtin_ctz(q);
    lo = std::min(lo, A.rel[i]);
    hi = std::max(hi, A.rel[i]);
    contig &= A.rel[i] == (i - A.first) * (s32)bytes;
    same &= A.rel[i] == 0;
    al &= ((base + (s64)A.rel[i]) & (align_of(bytes) - 1)) == 0;
  }
  m.lo_off = lo;
  m.hi_off = hi;
  m.aligned = al;
  m.kind = contig ? Access::Contiguous : same ? Access::Same : Access::Scattered;
  if (m.kind == Access::Scattered && bytes == 4 && al && hi - lo <= 124) {
    m.kind = Access::Window;
    m.win_words = 0;
    for (int i = 0; i < 32; i++) {
      m.win[i] = mask >> i & 1 ? (A.rel[i] - lo) / 4 : 0;
      m.win_words |= 1u << m.win[i];
    }
  }
  if (space == 1)
    m.sectors = (u16)sectors_of(base, A.rel, mask, bytes);
  else
    bank_conflicts(base, A.rel, mask, bytes, m.waves, m.ideal);
}

void resolve_global(Warp& w, const Instruction& I, u32 mask, u32 bytes, bool store, Access& A) {
  A.first = __builtin_ctz(mask);
  const u64 b = A.ad[A.first];
  Memo& m = w.memo[I.mem];
  A.base = (u8*)b;
  A.rel = A.relbuf;
  if (VGPU_UNLIKELY(!relative(A.ad, b, mask, A.relbuf))) {
    m.g_req++;
    m.g_bytes += (u64)bytes * (u32)__builtin_popcount(mask);
    // Lanes more than 2 GiB apart.
    A.kind = Access::Far;
    for_lanes(mask,
              [&](int i) { lane_pointer(w, I, i, A.ad[i], Space::Global, bytes, bytes, store); });
    u64 seen[32];
    u32 n = 0;
    for_lanes(mask, [&](int i) {
      u64 s = A.ad[i] >> 5;
      for (u32 k = 0; k < n; k++)
        if (seen[k] == s) return;
      seen[n++] = s;
    });
    m.g_sectors += n;
    return;
  }
  if (VGPU_UNLIKELY(m.space != 1 || m.mod != (b & 31) || !same_pattern(m, A.rel, mask)))
    learn(m, A, b, mask, bytes, 1);
  A.kind = (Access::Kind)m.kind;
  A.win = m.win;
  A.win_lo = m.lo_off;
  A.win_words = m.win_words;
  m.hits++;
  const u64 lo = b + (s64)m.lo_off, hi = b + (s64)m.hi_off + bytes;
  if (VGPU_UNLIKELY(!m.aligned))
    for_lanes(mask, [&](int i) {
      if (A.ad[i] & (align_of(bytes) - 1))
        misaligned(w, I, i, A.ad[i], align_of(bytes), "global memory");
    });
  if (VGPU_UNLIKELY(m.epoch != w.epoch || lo < m.lo || hi > m.hi) && w.launch->check) {
    u64 alo, ahi;
    if (!memtable().range(lo, alo, ahi) || hi > ahi) {
      // Not within one allocation: look at each lane.
      for_lanes(mask, [&](int i) {
        if (!memtable().range(A.ad[i], alo, ahi) || A.ad[i] + bytes > ahi)
          bad_global(w, I, i, A.ad[i], bytes, store);
      });
    } else {
      m.lo = alo;
      m.hi = ahi;
      m.epoch = w.epoch;
    }
  }
}

// Addresses of the cluster's shared memory carry a block rank in bits 24 and up.
bool has_rank(const u64* ad, u32 mask) {
  const __m512i lim = _mm512_set1_epi64(0xffffff);
  u32 r = 0;
  for (int k = 0; k < 4; k++)
    r |= (u32)_mm512_cmpgt_epu64_mask(_mm512_load_si512(ad + 8 * k), lim) << (8 * k);
  return r & mask;
}
void resolve_shared(Warp& w, const Instruction& I, u32 mask, u32 bytes, bool store, Access& A) {
  A.first = __builtin_ctz(mask);
  if (VGPU_UNLIKELY(has_rank(A.ad, mask))) {
    A.kind = Access::Far;
    A.base = nullptr;
    A.rel = A.relbuf;
    Memo& m = w.memo[I.mem];
    m.s_req++;
    m.s_bytes += (u64)bytes * (u32)__builtin_popcount(mask);
    for_lanes(mask, [&](int i) {
      A.ad[i] = (u64)smem_at(w, I, i, A.ad[i], bytes, bytes, false, store).p;
    });
    return;
  }
  const u64 b = A.ad[A.first];
  Memo& m = w.memo[I.mem];
  A.rel = A.relbuf;
  bool ok = relative(A.ad, b, mask, A.relbuf);
  if (VGPU_UNLIKELY(!ok))
    for_lanes(mask, [&](int i) {
      if (A.ad[i] + bytes > w.shared_size) bad_shared(w, I, i, A.ad[i], bytes, store);
    });
  if (VGPU_UNLIKELY(m.space < 2 || ((m.mod ^ (u32)b) & (bytes - 1)) ||
                    !same_pattern(m, A.rel, mask)))
    learn(m, A, b, mask, bytes, 2);
  A.kind = (Access::Kind)m.kind;
  A.win = m.win;
  A.win_lo = m.lo_off;
  A.win_words = m.win_words;
  m.hits++;
  if (VGPU_UNLIKELY(!m.aligned))
    for_lanes(mask, [&](int i) {
      if (A.ad[i] & (align_of(bytes) - 1))
        misaligned(w, I, i, A.ad[i], align_of(bytes), "shared memory");
    });
  if (VGPU_UNLIKELY((s64)b + m.lo_off < 0 || b + (s64)m.hi_off + bytes > w.shared_size))
    for_lanes(mask, [&](int i) {
      if (A.ad[i] + bytes > w.shared_size) bad_shared(w, I, i, A.ad[i], bytes, store);
    });
  A.base = w.shared + b;
  if (VGPU_UNLIKELY(race_on)) {
    m.space = 3;  // keeps resolve_fast out
    alignas(64) u32 off[32];
    for (int i = 0; i < 32; i++) off[i] = (u32)A.ad[i];
    race_access(w, I, mask, off, bytes, race_kind(I, store));
  }
}
}  // namespace

u8* lane_pointer(Warp& w, const Instruction& I, int lane, u64 addr, Space sp, u32 bytes, u32 align,
                 bool store) {
  if (sp == Space::Generic) {
    u64 win = addr & kWindowMask;
    if (win == kSharedWindow || win == kClusterWindow) {
      sp = Space::Shared;
      addr &= 0xffffffffull;
    } else if (win == kLocalWindow) {
      sp = Space::Local;
      addr &= ~kWindowMask;
    } else
      sp = Space::Global;
  }
  if (align > 1 && (addr & (align - 1)))
    misaligned(w, I, lane, addr, align,
               sp == Space::Shared  ? "shared memory"
               : sp == Space::Local ? "local memory"
                                    : "global memory");
  if (sp == Space::Shared) {
    if (addr >> 24) return smem_at(w, I, lane, addr, bytes, 1, false, store).p;
    if (addr + bytes > w.shared_size) bad_shared(w, I, lane, addr, bytes, store);
    if (VGPU_UNLIKELY(race_on)) {
      u32 off[32];
      off[lane] = (u32)addr;
      race_access(w, I, 1u << lane, off, bytes, race_kind(I, store));
    }
    return w.shared + addr;
  }
  if (sp == Space::Local) {
    if (addr + bytes > w.local_stride)
      w.fault(ERR_ILLEGAL_ADDRESS, I, lane,
              format_text(
                  "local memory %s of %u bytes at offset 0x%llx (lane %d) outside the thread's %u "
                  "bytes",
                  store ? "store" : "load", bytes, (unsigned long long)addr, lane, w.local_stride));
    return w.local + (size_t)lane * w.local_stride + addr;
  }
  if (w.launch->check) {
    u64 lo, hi;
    if (!memtable().range(addr, lo, hi) || addr + bytes > hi)
      bad_global(w, I, lane, addr, bytes, store);
  }
  return (u8*)addr;
}

void resolve(Warp& w, const Instruction& I, u32 mask, Space sp, u32 bytes, bool store, Access& A) {
  lane_addresses(w, I, A.ad);
  switch (sp) {
    case Space::Global:
    case Space::Const:
      resolve_global(w, I, mask, bytes, store, A);
      return;
    case Space::Shared: {
      if (!(I.x & 2))
        for (int i = 0; i < 32; i++) A.ad[i] &= 0xffffffffull;
      resolve_shared(w, I, mask, bytes, store, A);
      return;
    }
    case Space::Local: {
      const u64 fb = I.x & 1 ? w.frame->local_base : 0;
      A.first = __builtin_ctz(mask);
      A.kind = Access::Scattered;
      A.base = w.local;
      A.rel = A.relbuf;
      for_lanes(mask, [&](int i) {
        u64 a = (A.ad[i] & ~kWindowMask) + fb;
        A.relbuf[i] = (s32)(lane_pointer(w, I, i, a, Space::Local, bytes, bytes, store) - w.local);
      });
      return;
    }
    default:
      break;
  }
  // Generic: usually all lanes in one space.
  u32 sh = 0, lc = 0;
  for (int i = 0; i < 32; i++) {
    u64 win = A.ad[i] & kWindowMask;
    sh |= (u32)(win == kSharedWindow) << i;
    lc |= (u32)(win == kLocalWindow) << i;
  }
  if (!((sh | lc) & mask)) {
    resolve_global(w, I, mask, bytes, store, A);
    return;
  }
  if ((sh & mask) == mask) {
    for (int i = 0; i < 32; i++) A.ad[i] &= 0xffffffffull;
    resolve_shared(w, I, mask, bytes, store, A);
    return;
  }
  A.kind = Access::Far;
  A.first = __builtin_ctz(mask);
  A.base = nullptr;
  A.rel = A.relbuf;
  for_lanes(mask, [&](int i) {
    A.ad[i] = (u64)lane_pointer(w, I, i, A.ad[i], Space::Generic, bytes, bytes, store);
  });
}
}  // namespace vgpu

// Exchanges between the lanes of a warp.
#include "tests/vgpu/src/exec/race.h"
#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
namespace {
// VGPU_RACE: exchanges that are undefined on hardware. `part` are the lanes that execute I
// together, all naming `members`.
std::string absent(const Warp& w, u32 mask, const u32* mm, u32 members, int lane) {
  if (!(members >> lane & 1)) return format_text("which is not in the member mask 0x%08x", members);
  if (!(w.lanes >> lane & 1))
    return "which is in the member mask, but the block has no such thread";
  if (w.exited >> lane & 1) return "which is in the member mask, but has ended";
  if (mask >> lane & 1)
    return format_text("which is in the member mask 0x%08x, but executes this with the mask 0x%08x",
                       members, mm[lane]);
  return "which is in the member mask, but does not execute this (its predicate is false)";
}
[[gnu::noinline]] void check_members(Warp& w, const Instruction& I, u32 mask, u32 part,
                                     const u32* mm, u32 members, bool reads_all) {
  if (const u32 outside = part & ~members) {
    const int i = __builtin_ctz(outside);
    w.fault(ERR_LAUNCH_FAILURE, I, i,
            format_text("warp exchange: warp %u lane %d is not in its own member mask 0x%08x", w.id,
                        i, members));
  }
  const u32 gone = members & w.lanes & ~w.exited & ~part;  // lanes that ended do not count
  if (reads_all && gone) {
    const int i = __builtin_ctz(part), j = __builtin_ctz(gone);
    w.fault(ERR_LAUNCH_FAILURE, I, i,
            format_text("warp exchange: warp %u lane %d needs lane %d, %s", w.id, i, j,
                        absent(w, mask, mm, members, j).c_str()));
  }
}
[[gnu::noinline]] void check_sources(Warp& w, const Instruction& I, u32 mask, u32 part,
                                     const u32* mm, u32 members, u32 in_range, const u32* src) {
  for_lanes(part & in_range, [&](int i) {
    const int j = (int)src[i];
    if (part >> j & 1) return;
    w.fault(ERR_LAUNCH_FAILURE, I, i,
            format_text("warp exchange: warp %u lane %d reads lane %d, %s", w.id, i, j,
                        absent(w, mask, mm, members, j).c_str()));
  });
}
// Runs f(part, members) for each set of active lanes that name the same member mask, once all of
// its members are here. Returns false if the running group has to wait (nothing was executed).
// `reads_all`: every member's value is used, not only those that f checks itself.
template <class F>
VGPU_INLINE bool collective(Warp& w, const Instruction& I, u32 mask, const u32* mm, bool reads_all,
                            F f) {
  int first = __builtin_ctz(mask);
  u32 m0 = mm[first];
  u32 same = 0;
  for (int i = 0; i < 32; i++) same |= (u32)(mm[i] == m0) << i;
  if (VGPU_LIKELY((same & mask) == mask)) {
    if (!w.converge(I, m0)) return false;
    if (VGPU_UNLIKELY(race_on)) check_members(w, I, mask, mask, mm, m0, reads_all);
    f(mask, m0);
    return true;
  }
  u32 need = 0;
  for_lanes(mask, [&](int i) { need |= mm[i]; });
  if (!w.converge(I, need)) return false;
  for (u32 left = mask; left;) {
    u32 m = mm[__builtin_ctz(left)], part = 0;
    for_lanes(left, [&](int i) {
      if (mm[i] == m) part |= 1u << i;
    });
    if (VGPU_UNLIKELY(race_on)) check_members(w, I, mask, part, mm, m, reads_all);
    f(part, m);
    left &= ~part;
  }
  return true;
}
enum { UP, DOWN, BFLY, IDX };
template <int MODE>
void h_shfl(Warp& w, const Instruction& I,
            u32 mask) {  // a value, b lane, c clamp/mask, d members; I.e: predicate
  const u32* mm = w.R<u32>(I.d);
  collective(w, I, mask, mm, false, [&](u32 part, u32 members) {
    u32* d = w.R<u32>(I.dst);
    const u32 *a = w.R<u32>(I.a), *b = w.R<u32>(I.b), *c = w.R<u32>(I.c);
    alignas(64) u32 src[32];
    alignas(64) u32 r[32];
    u32 p = 0;
    for (int i = 0; i < 32; i++) {
      u32 bval = b[i] & 31, cval = c[i] & 31, seg = c[i] >> 8 & 31;
      s32 lane = i, maxl = (s32)((lane & seg) | (cval & ~seg)), minl = (s32)(lane & seg), j;
      bool ok;
      if (MODE == UP) {
        j = lane - (s32)bval;
        ok = j >= maxl;
      } else if (MODE == DOWN) {
        j = lane + (s32)bval;
        ok = j <= maxl;
      } else if (MODE == BFLY) {
        j = lane ^ (s32)bval;
        ok = j <= maxl;
      } else {
        j = minl | (s32)(bval & ~seg);
        ok = j <= maxl;
      }
      src[i] = ok ? (u32)j : (u32)lane;
      p |= (u32)ok << i;
    }
    if (VGPU_UNLIKELY(race_on)) check_sources(w, I, mask, part, mm, members, p, src);
    for (int k = 0; k < 32; k += 16)
      _mm512_store_si512(r + k,
                         _mm512_permutex2var_epi32(_mm512_load_si512(a), _mm512_load_si512(src + k),
                                                   _mm512_load_si512(a + 16)));
    blend<u32>(d, r, part);
    if (I.x) w.setP(I.e, part, p);
  });
}
enum { ALL, ANY, UNI, BALLOT };
void h_vote(Warp& w, const Instruction& I, u32 mask) {  // I.x mode, I.y predicate negated
  collective(w, I, mask, w.R<u32>(I.b), true, [&](u32 part, u32) {
    u32 p = w.P(I.a) ^ (I.y ? ~0u : 0);
    if (I.x == BALLOT) {
      u32 v = p & part;
      each<u32>(w.R<u32>(I.dst), part, [=](int) { return v; });
      return;
    }
    bool r = I.x == ALL   ? (p & part) == part
             : I.x == ANY ? (p & part) != 0
                          : ((p & part) == part || (p & part) == 0);
    w.setP(I.dst, part, r ? ~0u : 0);
  });
}
template <class T>
void h_match(Warp& w, const Instruction& I, u32 mask) {  // I.x: all (I.e: predicate)
  collective(w, I, mask, w.R<u32>(I.b), true, [&](u32 part, u32) {
    const T* a = w.R<T>(I.a);
    alignas(64) u32 r[32] = {0};
    u32 left = part;
    bool all = true;
    int f = __builtin_ctz(part);
    while (left) {
      int l = __builtin_ctz(left);
      u32 m = 0;
      for_lanes(left, [&](int i) {
        if (a[i] == a[l]) m |= 1u << i;
      });
      if (m != part) all = false;
      for_lanes(m, [&](int i) { r[i] = m; });
      left &= ~m;
    }
    (void)f;
    if (I.x) {
      for (int i = 0; i < 32; i++) r[i] = all ? part : 0;
      if (I.y) w.setP(I.e, part, all ? ~0u : 0);
    }
    blend<u32>(w.R<u32>(I.dst), r, part);
  });
}
enum { R_ADD, R_MIN, R_MAX, R_AND, R_OR, R_XOR };
void h_redux(Warp& w, const Instruction& I, u32 mask) {  // I.x op, I.y signed
  collective(w, I, mask, w.R<u32>(I.b), true, [&](u32 part, u32) {
    const u32* a = w.R<u32>(I.a);
    u32 v = a[__builtin_ctz(part)];
    for_lanes(part & (part - 1), [&](int i) {
      u32 x = a[i];
      switch (I.x) {
        case R_ADD:
          v += x;
          break;
        case R_AND:
          v &= x;
          break;
        case R_OR:
          v |= x;
          break;
        case R_XOR:
          v ^= x;
          break;
        case R_MIN:
          v = I.y ? (u32)std::min((s32)v, (s32)x) : std::min(v, x);
          break;
        case R_MAX:
          v = I.y ? (u32)std::max((s32)v, (s32)x) : std::max(v, x);
          break;
      }
    });
    each<u32>(w.R<u32>(I.dst), part, [=](int) { return v; });
  });
}
void h_elect(Warp& w, const Instruction& I, u32 mask) {
  collective(w, I, mask, w.R<u32>(I.b), true, [&](u32 part, u32) {
    u32 lead = (u32)__builtin_ctz(part);
    each<u32>(w.R<u32>(I.dst), part, [=](int) { return lead; });
    w.setP(I.e, part, 1u << lead);
  });
}
void h_activemask(Warp& w, const Instruction& I, u32 mask) {
  u32 m = w.active;
  each<u32>(w.R<u32>(I.dst), mask, [=](int) { return m; });
}
// The pre-Volta forms without .sync act on the active lanes.
void op_shfl(Lower& l) {
  int mode = l.has("up") ? UP : l.has("down") ? DOWN : l.has("bfly") ? BFLY : IDX;
  const PtxOperand& d = l.op(0);
  bool pair = d.kind == PtxOperand::Pair;
  l.I.dst = l.dst(pair ? d.sub[0] : d, 4);
  if (pair) {
    l.I.e = l.pred_dst(d.sub[1]);
    l.I.x = 1;
  }
  l.I.a = l.src(1, PtxType::B32);
  l.I.b = l.src(2, PtxType::U32);
  l.I.c = l.src(3, PtxType::U32);
  if (!l.has("sync")) l.bad("only .sync forms are supported");
  l.I.d = l.src(4, PtxType::U32);
  l.emit(mode == UP     ? h_shfl<UP>
         : mode == DOWN ? h_shfl<DOWN>
         : mode == BFLY ? h_shfl<BFLY>
                        : h_shfl<IDX>,
         InstructionClass::Shuffle);
}
void op_vote(Lower& l) {
  bool n;
  l.I.x = l.has("all") ? ALL : l.has("any") ? ANY : l.has("uni") ? UNI : BALLOT;
  if (!l.has("sync")) l.bad("only .sync forms are supported");
  if (l.I.x == BALLOT)
    l.I.dst = l.dst(0, 4);
  else
    l.I.dst = l.pred_dst(l.op(0));
  l.I.a = l.pred_src(l.op(1), n);
  l.I.y = n;
  l.I.b = l.src(2, PtxType::U32);
  l.emit(h_vote, InstructionClass::Shuffle);
}
void op_match(Lower& l) {
  l.I.x = l.has("all");
  const PtxOperand& d = l.op(0);
  bool pair = d.kind == PtxOperand::Pair;
  l.I.dst = l.dst(pair ? d.sub[0] : d, 4);
  if (pair) {
    l.I.e = l.pred_dst(d.sub[1]);
    l.I.y = 1;
  }
  PtxType t = l.ty();
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, PtxType::U32);
  l.emit(ty_size(t) == 8 ? h_match<u64> : h_match<u32>, InstructionClass::Shuffle);
}
void op_redux(Lower& l) {
  l.I.x = l.has("add")   ? R_ADD
          : l.has("min") ? R_MIN
          : l.has("max") ? R_MAX
          : l.has("and") ? R_AND
          : l.has("or")  ? R_OR
                         : R_XOR;
  l.I.y = l.ty() == PtxType::S32;
  if (l.ty() == PtxType::F32) l.bad("redux.f32");
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, l.ty());
  l.I.b = l.src(2, PtxType::U32);
  l.emit(h_redux, InstructionClass::Shuffle);
}
void op_elect(Lower& l) {
  const PtxOperand& d = l.op(0);
  if (d.kind != PtxOperand::Pair) l.bad("elect needs d|p");
  l.I.dst = l.dst(d.sub[0], 4);
  l.I.e = l.pred_dst(d.sub[1]);
  l.I.b = l.src(1, PtxType::U32);
  l.emit(h_elect, InstructionClass::Shuffle);
}
void op_activemask(Lower& l) {
  l.I.dst = l.dst(0, 4);
  l.emit(h_activemask, InstructionClass::Shuffle);
}
}  // namespace
VGPU_OP(shfl, op_shfl);
VGPU_OP(vote, op_vote);
VGPU_OP(match, op_match);
VGPU_OP(redux, op_redux);
VGPU_OP(elect, op_elect);
VGPU_OP(activemask, op_activemask);
}  // namespace vgpu

// setp, set, selp, slct, testp.
#include "tests/vgpu/src/isa/floatops.h"
namespace vgpu {
namespace {
// Comparison codes: ordered 0..5 (Cmp), then num, nan, then the unordered forms 16 + Cmp.
int cmp_code(std::string_view m, bool flt) {
  static const std::pair<const char*, int> t[] = {
      {"eq", EQ},       {"ne", NE},       {"lt", LT},       {"le", LE},       {"gt", GT},
      {"ge", GE},       {"lo", LT},       {"ls", LE},       {"hi", GT},       {"hs", GE},
      {"equ", 16 + EQ}, {"neu", 16 + NE}, {"ltu", 16 + LT}, {"leu", 16 + LE}, {"gtu", 16 + GT},
      {"geu", 16 + GE}, {"num", 6},       {"nan", 7}};
  (void)flt;
  for (auto& [n, c] : t)
    if (m == n) return c;
  return -1;
}
enum { B_NONE, B_AND, B_OR, B_XOR };

template <class T>
u32 compare(const T* a, const T* b, int code) {
  u32 m;
  switch (code & 15) {
    case EQ:
      m = cmp_mask<T, EQ>(a, b);
      break;
    case NE:
      m = cmp_mask<T, NE>(a, b);
      break;
    case LT:
      m = cmp_mask<T, LT>(a, b);
      break;
    case LE:
      m = cmp_mask<T, LE>(a, b);
      break;
    case GT:
      m = cmp_mask<T, GT>(a, b);
      break;
    case GE:
      m = cmp_mask<T, GE>(a, b);
      break;
    default:
      m = 0;
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (code == EQ || code == LT || code == LE || code == GT || code == GE) return m;
    u32 nan = nan_mask(a) | nan_mask(b);
    if (code == 6) return ~nan;
    if (code == 7) return nan;
    return code & 16 ? m | nan : m & ~nan;
  }
  return m;
}
// I.x: comparison code; I.y: bool op | 4 third operand negated | 8 ftz. I.dst: p, I.d: q, I.c:
// third predicate.
VGPU_INLINE void finish(Warp& w, const Instruction& I, u32 mask, u32 m) {
  u32 bop = I.y & 3, r = m, rn = ~m;
  if (bop) {
    u32 c = w.P(I.c) ^ (I.y & 4 ? ~0u : 0);
    r = bop == B_AND ? m & c : bop == B_OR ? m | c : m ^ c;
    rn = bop == B_AND ? ~m & c : bop == B_OR ? ~m | c : ~m ^ c;
  }
  w.setP(I.dst, mask, r);
  if (I.d) w.setP(I.d, mask, rn);
}
template <class T>
VGPU_INLINE u32 compare_regs(Warp& w, const Instruction& I) {
  if constexpr (std::is_same_v<T, float>)
    if (VGPU_UNLIKELY(I.y & 8)) {
      alignas(64) float a[32], b[32];
      const float *x = w.R<float>(I.a), *y = w.R<float>(I.b);
      for (int i = 0; i < 32; i++) {
        a[i] = flush(x[i]);
        b[i] = flush(y[i]);
      }
      return compare<float>(a, b, I.x);
    }
  return compare<T>(w.R<T>(I.a), w.R<T>(I.b), I.x);
}
template <class T>
void h_setp(Warp& w, const Instruction& I, u32 mask) {
  finish(w, I, mask, compare_regs<T>(w, I));
}
// The common cases: one destination, no boolean operator.
template <class T, int C>
void h_setp1(Warp& w, const Instruction& I, u32 mask) {
  w.setP(I.dst, mask, cmp_mask<T, C>(w.R<T>(I.a), w.R<T>(I.b)));
}

template <bool BF>
VGPU_INLINE void widen(const u16* s, int stride, int off, float* o, bool ftz) {
  for (int i = 0; i < 32; i++) {
    u16 h = s[i * stride + off];
    if (ftz && (h & (BF ? 0x7f80 : 0x7c00)) == 0) h &= 0x8000;
    o[i] = BF ? bf16_to_float(h) : half_to_float(h);
  }
}
template <bool BF>
void h_setp_h(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) float a[32], b[32];
  widen<BF>(w.R<u16>(I.a), 1, 0, a, I.y & 8);
  widen<BF>(w.R<u16>(I.b), 1, 0, b, I.y & 8);
  finish(w, I, mask, compare<float>(a, b, I.x));
}
template <bool BF>
u32 cmp_pair(Warp& w, const Instruction& I, int k) {
  alignas(64) float a[32], b[32];
  widen<BF>(w.R<u16>(I.a), 2, k, a, I.y & 8);
  widen<BF>(w.R<u16>(I.b), 2, k, b, I.y & 8);
  return compare<float>(a, b, I.x);
}
template <bool BF>
void h_setp_h2(Warp& w, const Instruction& I,
               u32 mask) {  // p from the low halves, q from the high ones
  for (int k = 0; k < 2; k++) {
    u32 m = cmp_pair<BF>(w, I, k), bop = I.y & 3;
    if (bop) {
      u32 c = w.P(I.c) ^ (I.y & 4 ? ~0u : 0);
      m = bop == B_AND ? m & c : bop == B_OR ? m | c : m ^ c;
    }
    if (k == 0)
      w.setP(I.dst, mask, m);
    else if (I.d)
      w.setP(I.d, mask, m);
  }
}
// set: I.imm true value, I.z: bytes of the destination
template <class T>
u32 set_mask(Warp& w, const Instruction& I) {
  u32 m = compare_regs<T>(w, I);
  return m;
}
u32 with_bool(Warp& w, const Instruction& I, u32 m) {
  u32 bop = I.y & 3;
  if (!bop) return m;
  u32 c = w.P(I.c) ^ (I.y & 4 ? ~0u : 0);
  return bop == B_AND ? m & c : bop == B_OR ? m | c : m ^ c;
}
void put_set(Warp& w, const Instruction& I, u32 mask, u32 m) {
  if (I.z == 2) {
    u16* d = w.R<u16>(I.dst);
    u16 t = (u16)I.imm;
    each_scalar<u16>(d, mask, [=](int i) { return (m >> i & 1) ? t : (u16)0; });
  } else {
    u32* d = w.R<u32>(I.dst);
    u32 t = (u32)I.imm;
    each<u32>(d, mask, [=](int i) { return (m >> i & 1) ? t : 0u; });
  }
}
template <class T>
void h_set(Warp& w, const Instruction& I, u32 mask) {
  put_set(w, I, mask, with_bool(w, I, set_mask<T>(w, I)));
}
template <bool BF>
void h_set_h(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) float a[32], b[32];
  widen<BF>(w.R<u16>(I.a), 1, 0, a, I.y & 8);
  widen<BF>(w.R<u16>(I.b), 1, 0, b, I.y & 8);
  put_set(w, I, mask, with_bool(w, I, compare<float>(a, b, I.x)));
}
template <bool BF>
void h_set_h2(Warp& w, const Instruction& I, u32 mask) {  // one 16-bit result per half
  u32 lo = with_bool(w, I, cmp_pair<BF>(w, I, 0)), hi = with_bool(w, I, cmp_pair<BF>(w, I, 1));
  u32* d = w.R<u32>(I.dst);
  const u32 t = (u32)I.imm & 0xffff;
  each<u32>(d, mask,
            [=](int i) { return ((lo >> i & 1) ? t : 0u) | ((hi >> i & 1) ? t << 16 : 0u); });
}
template <class T>
void h_selp(Warp& w, const Instruction& I, u32 mask) {
  u32 p = w.P(I.c) ^ (I.x ? ~0u : 0);
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  alignas(64) T r[32];
  if constexpr (sizeof(T) <= 8) {
    memcpy(r, b, sizeof r);
    blend<T>(r, a, p);
    blend<T>(d, r, mask);
  } else
    for_lanes(mask, [&](int i) { d[i] = (p >> i & 1) ? a[i] : b[i]; });
}
template <class T, class C>
void h_slct(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  const C* c = w.R<C>(I.c);
  each<T>(d, mask, [=](int i) { return c[i] >= 0 ? a[i] : b[i]; });
}
enum { T_FINITE, T_INFINITE, T_NUMBER, T_NAN, T_NORMAL, T_SUBNORMAL };
template <class U, int EB, int MB>
void h_testp(Warp& w, const Instruction& I, u32 mask) {
  const U* a = w.R<U>(I.a);
  u32 r = 0;
  for_lanes(mask, [&](int i) {
    u64 e = a[i] >> MB & ((1u << EB) - 1), m = a[i] & (((U)1 << MB) - 1), top = (1u << EB) - 1;
    bool v = false;
    switch (I.x) {
      case T_FINITE:
        v = e != top;
        break;
      case T_INFINITE:
        v = e == top && !m;
        break;
      case T_NUMBER:
        v = !(e == top && m);
        break;
      case T_NAN:
        v = e == top && m;
        break;
      case T_NORMAL:
        v = e != top && e != 0;
        break;
      case T_SUBNORMAL:
        v = e == 0 && m;
        break;
    }
    r |= (u32)v << i;
  });
  w.setP(I.dst, mask, r);
}

void common(Lower& l, PtxType t, size_t first) {  // comparison modifiers and operands a, b, c
  int code = -1, bop = B_NONE;
  for (auto m : l.s.mods) {
    int c = cmp_code(m, ty_float(t));
    if (c >= 0 && code < 0) code = c;
    if (m == "and")
      bop = B_AND;
    else if (m == "or")
      bop = B_OR;
    else if (m == "xor")
      bop = B_XOR;
  }
  if (code < 0) l.bad("comparison operator");
  l.I.x = (u8)code;
  l.I.y = (u8)(bop | (l.has("ftz") ? 8 : 0));
  l.I.a = l.src(first, t);
  l.I.b = l.src(first + 1, t);
  if (bop) {
    bool n;
    l.I.c = l.pred_src(l.op(first + 2), n);
    if (n) l.I.y |= 4;
  }
}
template <class T>
Handler setp1(int code) {
  switch (code) {
    case EQ:
      return h_setp1<T, EQ>;
    case NE:
      return std::is_floating_point_v<T> ? nullptr : h_setp1<T, NE>;
    case LT:
      return h_setp1<T, LT>;
    case LE:
      return h_setp1<T, LE>;
    case GT:
      return h_setp1<T, GT>;
    case GE:
      return h_setp1<T, GE>;
  }
  return nullptr;
}
void op_setp(Lower& l) {
  PtxType t = l.ty();
  const PtxOperand& d = l.op(0);
  bool pair = d.kind == PtxOperand::Pair;
  common(l, t, 1);
  l.I.dst = l.pred_dst(pair ? d.sub[0] : d);
  if (pair) l.I.d = l.pred_dst(d.sub[1]);
  bool simple = !pair && l.I.y == 0;
  Handler h = nullptr;
  switch (t) {
    case PtxType::F32:
      if (simple) h = setp1<float>(l.I.x);
      if (!h) h = h_setp<float>;
      break;
    case PtxType::F64:
      if (simple) h = setp1<double>(l.I.x);
      if (!h) h = h_setp<double>;
      break;
    case PtxType::F16:
      h = h_setp_h<false>;
      break;
    case PtxType::BF16:
      h = h_setp_h<true>;
      break;
    case PtxType::F16x2:
      h = h_setp_h2<false>;
      break;
    case PtxType::BF16x2:
      h = h_setp_h2<true>;
      break;
    default:
      by_int(l, t, [&](auto v) {
        using T = decltype(v);
        if (simple) h = setp1<T>(l.I.x);
        if (!h) h = h_setp<T>;
      });
  }
  l.emit(h, ty_float(t) ? fp_class(t) : InstructionClass::Int);
}
void op_set(Lower& l) {
  PtxType dt = l.ty(0), t = l.ty(1);
  common(l, t, 1);
  l.I.dst = l.dst(0, ty_size(dt));
  l.I.z = (u8)ty_size(dt);
  switch (dt) {
    case PtxType::F32:
      l.I.imm = bitcast<u32>(1.0f);
      break;
    case PtxType::U32:
    case PtxType::S32:
      l.I.imm = 0xffffffff;
      break;
    case PtxType::F16:
    case PtxType::F16x2:
      l.I.imm = 0x3c00;
      break;
    case PtxType::BF16:
    case PtxType::BF16x2:
      l.I.imm = 0x3f80;
      break;
    case PtxType::U16:
    case PtxType::S16:
      l.I.imm = 0xffff;
      break;
    default:
      l.bad("set type");
  }
  Handler h = nullptr;
  switch (t) {
    case PtxType::F32:
      h = h_set<float>;
      break;
    case PtxType::F64:
      h = h_set<double>;
      break;
    case PtxType::F16:
      h = h_set_h<false>;
      break;
    case PtxType::BF16:
      h = h_set_h<true>;
      break;
    case PtxType::F16x2:
      h = h_set_h2<false>;
      break;
    case PtxType::BF16x2:
      h = h_set_h2<true>;
      break;
    default:
      by_int(l, t, [&](auto v) { h = h_set<decltype(v)>; });
  }
  l.emit(h, ty_float(t) ? fp_class(t) : InstructionClass::Int);
}
void op_selp(Lower& l) {
  PtxType t = l.ty();
  bool n;
  l.I.dst = l.dst(0, ty_size(t));
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  l.I.c = l.pred_src(l.op(3), n);
  l.I.x = n;
  by_size(l, ty_size(t), [&](auto v) { l.emit(h_selp<decltype(v)>, InstructionClass::Int); });
}
void op_slct(Lower& l) {
  PtxType t = l.ty(0), ct = l.ty(1);
  int n = ty_size(t);
  l.I.dst = l.dst(0, n);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  l.I.c = l.src(3, ct);
  Handler h = ct == PtxType::F32 ? (n == 2   ? h_slct<u16, float>
                                    : n == 4 ? h_slct<u32, float>
                                             : h_slct<u64, float>)
                                 : (n == 2   ? h_slct<u16, s32>
                                    : n == 4 ? h_slct<u32, s32>
                                             : h_slct<u64, s32>);
  l.emit(h, InstructionClass::Int);
}
void op_testp(Lower& l) {
  const char* n[] = {"finite", "infinite", "number", "notanumber", "normal", "subnormal"};
  for (int k = 0; k < 6; k++)
    if (l.has(n[k])) l.I.x = (u8)k;
  PtxType t = l.ty();
  l.I.dst = l.pred_dst(l.op(0));
  l.I.a = l.src(1, t);
  if (t == PtxType::F64)
    l.emit(h_testp<u64, 11, 52>, InstructionClass::Fp64);
  else
    l.emit(h_testp<u32, 8, 23>, InstructionClass::Fp32);
}
}  // namespace
VGPU_OP(setp, op_setp);
VGPU_OP(set, op_set);
VGPU_OP(selp, op_selp);
VGPU_OP(slct, op_slct);
VGPU_OP(testp, op_testp);
}  // namespace vgpu

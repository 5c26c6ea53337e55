// Integer arithmetic.
#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
namespace {
template <class T>
using Un = std::make_unsigned_t<T>;
template <class T>
struct Wide;
template <>
struct Wide<u16> {
  using t = u32;
};
template <>
struct Wide<s16> {
  using t = s32;
};
template <>
struct Wide<u32> {
  using t = u64;
};
template <>
struct Wide<s32> {
  using t = s64;
};
template <>
struct Wide<u64> {
  using t = unsigned __int128;
};
template <>
struct Wide<s64> {
  using t = __int128;
};

struct Add {
  template <class T>
  static T f(T a, T b) {
    return (T)((Un<T>)a + (Un<T>)b);
  }
};
struct Sub {
  template <class T>
  static T f(T a, T b) {
    return (T)((Un<T>)a - (Un<T>)b);
  }
};
struct AddSat {
  static s32 f(s32 a, s32 b) {
    s64 r = (s64)a + b;
    return r > INT32_MAX ? INT32_MAX : r < INT32_MIN ? INT32_MIN : (s32)r;
  }
};
struct SubSat {
  static s32 f(s32 a, s32 b) {
    s64 r = (s64)a - b;
    return r > INT32_MAX ? INT32_MAX : r < INT32_MIN ? INT32_MIN : (s32)r;
  }
};
template <class T>
T mul_lo(T a, T b) {
  if constexpr (sizeof(T) == 2)
    return (T)((u32)a * (u32)b);
  else
    return (T)((Un<T>)a * (Un<T>)b);
}
template <class T>
T mul_hi(T a, T b) {
  using W = typename Wide<T>::t;
  return (T)(((W)a * (W)b) >> (8 * sizeof(T)));
}
struct MulLo {
  template <class T>
  static T f(T a, T b) {
    return mul_lo(a, b);
  }
};
struct MulHi {
  template <class T>
  static T f(T a, T b) {
    return mul_hi(a, b);
  }
};
struct MadLo {
  template <class T>
  static T f(T a, T b, T c) {
    return Add::f(mul_lo(a, b), c);
  }
};
struct MadHi {
  template <class T>
  static T f(T a, T b, T c) {
    return Add::f(mul_hi(a, b), c);
  }
};
struct MadHiSat {
  static s32 f(s32 a, s32 b, s32 c) { return AddSat::f(mul_hi(a, b), c); }
};
struct Min {
  template <class T>
  static T f(T a, T b) {
    return a < b ? a : b;
  }
};
struct Max {
  template <class T>
  static T f(T a, T b) {
    return a > b ? a : b;
  }
};
struct MinRelu {
  static s32 f(s32 a, s32 b) {
    s32 m = a < b ? a : b;
    return m < 0 ? 0 : m;
  }
};
struct MaxRelu {
  static s32 f(s32 a, s32 b) {
    s32 m = a > b ? a : b;
    return m < 0 ? 0 : m;
  }
};
struct Abs {
  template <class T>
  static T f(T a) {
    return a < 0 ? (T)(0 - (Un<T>)a) : a;
  }
};
struct Neg {
  template <class T>
  static T f(T a) {
    return (T)(0 - (Un<T>)a);
  }
};
struct Sad {
  template <class T>
  static T f(T a, T b, T c) {
    return (T)((Un<T>)c + (a < b ? (Un<T>)b - (Un<T>)a : (Un<T>)a - (Un<T>)b));
  }
};
struct Mul24Lo {
  template <class T>
  static T f(T a, T b) {
    return (T)(u64)((s64)sx(a) * (s64)sx(b));
  }
  static s64 sx(s32 a) { return (s64)((s32)((u32)a << 8) >> 8); }
  static s64 sx(u32 a) { return a & 0xffffffu; }
};
struct Mul24Hi {
  template <class T>
  static T f(T a, T b) {
    return (T)(u64)(((s64)Mul24Lo::sx(a) * (s64)Mul24Lo::sx(b)) >> 16);
  }
};
struct Mad24Lo {
  template <class T>
  static T f(T a, T b, T c) {
    return Add::f(Mul24Lo::f(a, b), c);
  }
};
struct Mad24Hi {
  template <class T>
  static T f(T a, T b, T c) {
    return Add::f(Mul24Hi::f(a, b), c);
  }
};

template <class T>
void h_mul_wide(Warp& w, const Instruction& I, u32 mask) {
  using W = typename Wide<T>::t;
  W* d = w.R<W>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  each<W>(d, mask, [=](int i) { return (W)a[i] * (W)b[i]; });
}
template <class T>
void h_mad_wide(Warp& w, const Instruction& I, u32 mask) {
  using W = typename Wide<T>::t;
  using U = Un<W>;
  W* d = w.R<W>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  const W* c = w.R<W>(I.c);
  each<W>(d, mask, [=](int i) { return (W)((U)((W)a[i] * (W)b[i]) + (U)c[i]); });
}

// Division: by zero gives all ones (quotient) and the dividend (remainder), as NVIDIA hardware
// does.
template <class T>
T idiv(T a, T b) {
  if (b == 0) return (T)-1;
  if constexpr (std::is_signed_v<T>)
    if (b == (T)-1) return (T)(0 - (Un<T>)a);
  return a / b;
}
template <class T>
T irem(T a, T b) {
  if (b == 0) return a;
  if constexpr (std::is_signed_v<T>)
    if (b == (T)-1) return 0;
  return a % b;
}
template <class T>
void h_div(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  if constexpr (sizeof(T) == 4)  // exact through double, and vectorises
    each<T>(d, mask, [=](int i) {
      T q = (T)(s64)((double)a[i] / (double)b[i]);
      return b[i] == 0 ? (T)-1 : q;
    });
  else
    each_scalar<T>(d, mask, [=](int i) { return idiv<T>(a[i], b[i]); });
}
template <class T>
void h_rem(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  if constexpr (sizeof(T) == 4)
    each<T>(d, mask, [=](int i) {
      T q = (T)(s64)((double)a[i] / (double)b[i]);
      return b[i] == 0 ? a[i] : (T)((u32)a[i] - (u32)q * (u32)b[i]);
    });
  else
    each_scalar<T>(d, mask, [=](int i) { return irem<T>(a[i], b[i]); });
}

// Carries. CC is one bit per lane in Warp::cc. After a subtraction it holds the carry of a + ~b +
// 1, that is "no borrow", and subc subtracts 1 - CC: NVIDIA's 128-bit division mixes sub.cc with
// addc and relies on it.
template <class T, bool SUB, bool USE>
void h_addc(Warp& w, const Instruction& I, u32 mask) {  // I.x: write CC
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  u32 out = w.cc;
  for_lanes(mask, [&](int i) {
    T cin = USE ? (T)(w.cc >> i & 1) : (T)SUB;
    T y = SUB ? (T)~b[i] : b[i], t = (T)(a[i] + y), r = (T)(t + cin);
    u32 carry = (t < y) | (r < t);
    d[i] = r;
    out = (out & ~(1u << i)) | carry << i;
  });
  if (I.x) w.cc = out;
}
template <class T, bool HI, bool USE>
void h_madc(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b), *c = w.R<T>(I.c);
  using S = std::make_signed_t<T>;
  u32 out = w.cc;
  for_lanes(mask, [&](int i) {
    u32 cin = USE ? (w.cc >> i & 1) : 0;
    T p =
        HI ? (I.y ? (T)mul_hi<S>((S)a[i], (S)b[i]) : mul_hi<T>(a[i], b[i])) : mul_lo<T>(a[i], b[i]);
    T t = p + c[i], r = t + cin;
    u32 carry = (t < p) | (r < t);
    d[i] = r;
    out = (out & ~(1u << i)) | carry << i;
  });
  if (I.x) w.cc = out;
}

// Packed 16-bit pairs.
template <class T, class Op>
void h_bin16x2(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  alignas(64) T r[64];
  for (int i = 0; i < 64; i++) r[i] = Op::template f<T>(a[i], b[i]);
  blend<u32>(d, (const u32*)r, mask);
}

template <class Op>
void bin(Lower& l, PtxType t) {
  by_int(l, t, [&](auto v) {
    using T = decltype(v);
    l.I.dst = l.dst(0, sizeof(T));
    l.I.a = l.src(1, t);
    l.I.b = l.src(2, t);
    l.emit(h_bin<T, Op>, InstructionClass::Int);
  });
}
template <class Op>
void un(Lower& l, PtxType t) {
  by_int(l, t, [&](auto v) {
    using T = decltype(v);
    l.I.dst = l.dst(0, sizeof(T));
    l.I.a = l.src(1, t);
    l.emit(h_un<T, Op>, InstructionClass::Int);
  });
}
template <class Op>
void tri(Lower& l, PtxType t) {
  by_int(l, t, [&](auto v) {
    using T = decltype(v);
    l.I.dst = l.dst(0, sizeof(T));
    l.I.a = l.src(1, t);
    l.I.b = l.src(2, t);
    l.I.c = l.src(3, t);
    l.emit(h_tri<T, Op>, InstructionClass::Int);
  });
}
template <class Op>
void bin32(Lower& l, PtxType t) {
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  if (t == PtxType::S32)
    l.emit(h_bin<s32, Op>, InstructionClass::Int);
  else
    l.emit(h_bin<u32, Op>, InstructionClass::Int);
}
template <class Op>
void tri32(Lower& l, PtxType t) {
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  l.I.c = l.src(3, t);
  if (t == PtxType::S32)
    l.emit(h_tri<s32, Op>, InstructionClass::Int);
  else
    l.emit(h_tri<u32, Op>, InstructionClass::Int);
}
void carry_add(Lower& l, PtxType t, bool sub, bool use) {
  l.I.x = l.has("cc");
  int n = ty_size(t);
  l.I.dst = l.dst(0, n);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  Handler h;
  if (n == 4)
    h = sub ? (use ? h_addc<u32, true, true> : h_addc<u32, true, false>)
            : (use ? h_addc<u32, false, true> : h_addc<u32, false, false>);
  else
    h = sub ? (use ? h_addc<u64, true, true> : h_addc<u64, true, false>)
            : (use ? h_addc<u64, false, true> : h_addc<u64, false, false>);
  l.emit(h, InstructionClass::Int);
}
void carry_mad(Lower& l, PtxType t, bool use) {
  l.I.x = l.has("cc");
  l.I.y = ty_signed(t);
  int n = ty_size(t);
  bool hi = l.has("hi");
  l.I.dst = l.dst(0, n);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  l.I.c = l.src(3, t);
  Handler h;
  if (n == 4)
    h = hi ? (use ? h_madc<u32, true, true> : h_madc<u32, true, false>)
           : (use ? h_madc<u32, false, true> : h_madc<u32, false, false>);
  else
    h = hi ? (use ? h_madc<u64, true, true> : h_madc<u64, true, false>)
           : (use ? h_madc<u64, false, true> : h_madc<u64, false, false>);
  l.emit(h, InstructionClass::Int);
}
template <class Op>
void bin16x2(Lower& l, PtxType t) {
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  l.emit(t == PtxType::S16x2 ? h_bin16x2<s16, Op> : h_bin16x2<u16, Op>, InstructionClass::Int);
}
}  // namespace

bool lower_int_arith(Lower& l) {
  PtxType t = l.ty();
  std::string_view op = l.s.op;
  if (t == PtxType::U16x2 || t == PtxType::S16x2) {
    if (op == "add")
      bin16x2<Add>(l, t);
    else if (op == "sub")
      bin16x2<Sub>(l, t);
    else if (op == "min")
      bin16x2<Min>(l, t);
    else if (op == "max")
      bin16x2<Max>(l, t);
    else
      return false;
    return true;
  }
  if (ty_float(t)) return false;
  bool wide = l.has("wide"), hi = l.has("hi"), sat = l.has("sat"), cc = l.has("cc"),
       relu = l.has("relu");
  if (op == "add") {
    if (cc)
      carry_add(l, t, false, false);
    else if (sat)
      bin32<AddSat>(l, PtxType::S32);
    else
      bin<Add>(l, t);
  } else if (op == "sub") {
    if (cc)
      carry_add(l, t, true, false);
    else if (sat)
      bin32<SubSat>(l, PtxType::S32);
    else
      bin<Sub>(l, t);
  } else if (op == "mul") {
    if (wide) {
      l.I.dst = l.dst(0, 2 * ty_size(t));
      l.I.a = l.src(1, t);
      l.I.b = l.src(2, t);
      Handler h = t == PtxType::U16   ? h_mul_wide<u16>
                  : t == PtxType::S16 ? h_mul_wide<s16>
                  : t == PtxType::U32 ? h_mul_wide<u32>
                  : t == PtxType::S32 ? h_mul_wide<s32>
                                      : nullptr;
      if (!h) l.bad("type");
      l.emit(h, InstructionClass::Int);
    } else if (hi)
      bin<MulHi>(l, t);
    else
      bin<MulLo>(l, t);
  } else if (op == "mad") {
    if (cc)
      carry_mad(l, t, false);
    else if (wide) {
      PtxType wt = ty_size(t) == 2 ? (ty_signed(t) ? PtxType::S32 : PtxType::U32)
                                   : (ty_signed(t) ? PtxType::S64 : PtxType::U64);
      l.I.dst = l.dst(0, 2 * ty_size(t));
      l.I.a = l.src(1, t);
      l.I.b = l.src(2, t);
      l.I.c = l.src(3, wt);
      Handler h = t == PtxType::U16   ? h_mad_wide<u16>
                  : t == PtxType::S16 ? h_mad_wide<s16>
                  : t == PtxType::U32 ? h_mad_wide<u32>
                  : t == PtxType::S32 ? h_mad_wide<s32>
                                      : nullptr;
      if (!h) l.bad("type");
      l.emit(h, InstructionClass::Int);
    } else if (hi) {
      if (sat)
        tri32<MadHiSat>(l, PtxType::S32);
      else
        tri<MadHi>(l, t);
    } else
      tri<MadLo>(l, t);
  } else if (op == "div")
    by_int(l, t, [&](auto v) {
      using T = decltype(v);
      l.I.dst = l.dst(0, sizeof(T));
      l.I.a = l.src(1, t);
      l.I.b = l.src(2, t);
      l.emit(h_div<T>, InstructionClass::Int);
    });
  else if (op == "rem")
    by_int(l, t, [&](auto v) {
      using T = decltype(v);
      l.I.dst = l.dst(0, sizeof(T));
      l.I.a = l.src(1, t);
      l.I.b = l.src(2, t);
      l.emit(h_rem<T>, InstructionClass::Int);
    });
  else if (op == "min") {
    if (relu)
      bin32<MinRelu>(l, PtxType::S32);
    else
      bin<Min>(l, t);
  } else if (op == "max") {
    if (relu)
      bin32<MaxRelu>(l, PtxType::S32);
    else
      bin<Max>(l, t);
  } else if (op == "abs")
    un<Abs>(l, t);
  else if (op == "neg")
    un<Neg>(l, t);
  else
    return false;
  return true;
}

static void op_sad(Lower& l) { tri<Sad>(l, l.ty()); }
static void op_mul24(Lower& l) {
  if (l.has("hi"))
    bin32<Mul24Hi>(l, l.ty());
  else
    bin32<Mul24Lo>(l, l.ty());
}
static void op_mad24(Lower& l) {
  if (l.has("hi"))
    tri32<Mad24Hi>(l, l.ty());
  else
    tri32<Mad24Lo>(l, l.ty());
}
static void op_addc(Lower& l) { carry_add(l, l.ty(), false, true); }
static void op_subc(Lower& l) { carry_add(l, l.ty(), true, true); }
static void op_madc(Lower& l) { carry_mad(l, l.ty(), true); }
VGPU_OP(sad, op_sad);
VGPU_OP(mul24, op_mul24);
VGPU_OP(mad24, op_mad24);
VGPU_OP(addc, op_addc);
VGPU_OP(subc, op_subc);
VGPU_OP(madc, op_madc);
}  // namespace vgpu

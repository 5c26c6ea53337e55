// Logic, shifts and bit fields.
#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
namespace {
struct And {
  template <class T>
  static T f(T a, T b) {
    return a & b;
  }
};
struct Or {
  template <class T>
  static T f(T a, T b) {
    return a | b;
  }
};
struct Xor {
  template <class T>
  static T f(T a, T b) {
    return a ^ b;
  }
};
struct Not {
  template <class T>
  static T f(T a) {
    return ~a;
  }
};
struct Cnot {
  template <class T>
  static T f(T a) {
    return a == 0 ? 1 : 0;
  }
};

template <class T>
void h_shl(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T* a = w.R<T>(I.a);
  const u32* b = w.R<u32>(I.b);
  constexpr u32 n = 8 * sizeof(T);
  each<T>(d, mask, [=](int i) {
    u32 s = b[i];
    T r = (T)(a[i] << (s & (n - 1)));
    return s >= n ? (T)0 : r;
  });
}
template <class T>
void h_shr(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T* a = w.R<T>(I.a);
  const u32* b = w.R<u32>(I.b);
  constexpr u32 n = 8 * sizeof(T);
  each<T>(d, mask, [=](int i) {
    u32 s = b[i];
    if constexpr (std::is_signed_v<T>) {
      u32 c = s >= n ? n - 1 : s;
      return (T)(a[i] >> c);
    } else {
      T r = (T)(a[i] >> (s & (n - 1)));
      return s >= n ? (T)0 : r;
    }
  });
}
template <bool LEFT, bool CLAMP>
void h_shf(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const u32 *a = w.R<u32>(I.a), *b = w.R<u32>(I.b), *c = w.R<u32>(I.c);
  each<u32>(d, mask, [=](int i) {
    u32 n = CLAMP ? (c[i] > 32 ? 32 : c[i]) : c[i] & 31;
    u64 v = (u64)b[i] << 32 | a[i];
    return LEFT ? (u32)((v << n) >> 32) : (u32)(v >> n);
  });
}
template <class T>
T bfe(T a, u32 pos, u32 len) {
  constexpr u32 n = 8 * sizeof(T);
  using U = std::make_unsigned_t<T>;
  pos &= 0xff;
  len &= 0xff;
  U sbit = 0;
  if (std::is_signed_v<T> && len) {
    u32 p = std::min(pos + len - 1, n - 1);
    sbit = ((U)a >> p & 1) ? ~(U)0 : 0;
  }
  U v = pos < n ? (U)a >> pos : 0;
  u32 have = pos < n ? std::min(len, n - pos) : 0;
  U m = have >= n ? ~(U)0 : (((U)1 << have) - 1);
  return (T)((v & m) | (sbit & ~m));
}
template <class T>
void h_bfe(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T* a = w.R<T>(I.a);
  const u32 *b = w.R<u32>(I.b), *c = w.R<u32>(I.c);
  if constexpr (std::is_same_v<T, u32>)
    each<T>(d, mask, [=](int i) {
      u32 p = b[i] & 0xff, n = c[i] & 0xff, v = p > 31 ? 0 : a[i] >> (p & 31);
      return n > 31 ? v : v & ((1u << (n & 31)) - 1);
    });
  else
    each_scalar<T>(d, mask, [=](int i) { return bfe<T>(a[i], b[i], c[i]); });
}
template <class T>
void h_bfi(Warp& w, const Instruction& I, u32 mask) {
  constexpr u32 n = 8 * sizeof(T);
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  const u32 *c = w.R<u32>(I.c), *e = w.R<u32>(I.d);
  each_scalar<T>(d, mask, [=](int i) {
    u32 pos = c[i] & 0xff, len = e[i] & 0xff;
    if (pos >= n || !len) return b[i];
    u32 have = std::min(len, n - pos);
    T m = (have >= n ? ~(T)0 : (((T)1 << have) - 1)) << pos;
    return (T)((b[i] & ~m) | ((a[i] << pos) & m));
  });
}
template <bool CLAMP>
void h_bmsk(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const u32 *a = w.R<u32>(I.a), *b = w.R<u32>(I.b);
  each_scalar<u32>(d, mask, [=](int i) {
    u32 a1 = a[i] & 31, b1 = b[i] & 31, sum = a1 + b1;
    u32 m0 = ~0u << a1, m1 = sum >= 32 ? 0 : ~0u << sum;
    if (CLAMP) {
      if (a[i] >= 32) m0 = 0;
      if (a[i] >= 32 || b[i] >= 32) m1 = 0;
    }
    return m0 & ~m1;
  });
}
template <class T, bool CLAMP>
void h_szext(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T* a = w.R<T>(I.a);
  const u32* b = w.R<u32>(I.b);
  each_scalar<T>(d, mask, [=](int i) -> T {
    if (CLAMP && b[i] >= 32) return a[i];
    u32 n = b[i] & 31;
    if (!n) return 0;
    return (T)((T)((u32)a[i] << (32 - n)) >> (32 - n));
  });
}
template <class T>
void h_bfind(Warp& w, const Instruction& I, u32 mask) {  // I.x: .shiftamt
  u32* d = w.R<u32>(I.dst);
  const T* a = w.R<T>(I.a);
  constexpr u32 n = 8 * sizeof(T);
  each_scalar<u32>(d, mask, [=, x = I.x](int i) -> u32 {
    using U = std::make_unsigned_t<T>;
    U v = (std::is_signed_v<T> && a[i] < 0) ? (U)~a[i] : (U)a[i];
    if (!v) return ~0u;
    u32 p = 63 - (u32)__builtin_clzll((u64)v);
    return x ? n - 1 - p : p;
  });
}
template <class T>
void h_popc(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const T* a = w.R<T>(I.a);
  each<u32>(d, mask, [=](int i) { return (u32)__builtin_popcountll((u64)a[i]); });
}
template <class T>
void h_clz(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const T* a = w.R<T>(I.a);
  each_scalar<u32>(d, mask, [=](int i) {
    return a[i] ? (u32)__builtin_clzll((u64)a[i]) - (64 - 8 * sizeof(T)) : (u32)(8 * sizeof(T));
  });
}
template <class T>
void h_brev(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T* a = w.R<T>(I.a);
  each<T>(d, mask, [=](int i) {
    u64 v = a[i];
    v = (v >> 1 & 0x5555555555555555ull) | (v & 0x5555555555555555ull) << 1;
    v = (v >> 2 & 0x3333333333333333ull) | (v & 0x3333333333333333ull) << 2;
    v = (v >> 4 & 0x0f0f0f0f0f0f0f0full) | (v & 0x0f0f0f0f0f0f0f0full) << 4;
    v = __builtin_bswap64(v);
    return (T)(v >> (64 - 8 * sizeof(T)));
  });
}
void h_fns(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const u32 *a = w.R<u32>(I.a), *b = w.R<u32>(I.b);
  const s32* c = w.R<s32>(I.c);
  each_scalar<u32>(d, mask, [=](int i) -> u32 {
    if (c[i] == 0) return b[i] < 32 && (a[i] >> b[i] & 1) ? b[i] : ~0u;
    s64 pos = b[i];
    s64 count = (c[i] < 0 ? -(s64)c[i] : c[i]) - 1;
    int inc = c[i] > 0 ? 1 : -1;
    for (; pos >= 0 && pos < 32; pos += inc)
      if (a[i] >> pos & 1) {
        if (count == 0) return (u32)pos;
        count--;
      }
    return ~0u;
  });
}
// I.x: 1 a signed, 2 b signed, 4 dp2a, 8 dp2a.hi
void h_dp(Warp& w, const Instruction& I, u32 mask) {
  u32* d = w.R<u32>(I.dst);
  const u32 *a = w.R<u32>(I.a), *b = w.R<u32>(I.b), *c = w.R<u32>(I.c);
  const int x = I.x;
  each_scalar<u32>(d, mask, [=](int i) {
    s64 s = 0;
    auto b8 = [&](u32 v, int k, bool sg) -> s64 {
      u8 q = (u8)(v >> (8 * k));
      return sg ? (s64)(s8)q : (s64)q;
    };
    auto b16 = [&](u32 v, int k, bool sg) -> s64 {
      u16 q = (u16)(v >> (16 * k));
      return sg ? (s64)(s16)q : (s64)q;
    };
    if (x & 4)
      for (int k = 0; k < 2; k++) s += b16(a[i], k, x & 1) * b8(b[i], k + (x & 8 ? 2 : 0), x & 2);
    else
      for (int k = 0; k < 4; k++) s += b8(a[i], k, x & 1) * b8(b[i], k, x & 2);
    return (u32)(c[i] + (u32)s);
  });
}
template <class Op>
void h_pred2(Warp& w, const Instruction& I, u32 mask) {  // I.x: 1 a negated, 2 b negated
  u32 a = w.P(I.a) ^ (I.x & 1 ? ~0u : 0), b = w.P(I.b) ^ (I.x & 2 ? ~0u : 0);
  w.setP(I.dst, mask, Op::f(a, b));
}
void h_pred_not(Warp& w, const Instruction& I, u32 mask) {
  w.setP(I.dst, mask, ~(w.P(I.a) ^ (I.x & 1 ? ~0u : 0)));
}

template <class Op>
void logic(Lower& l) {
  PtxType t = l.ty();
  if (t == PtxType::Pred) {
    bool na, nb;
    l.I.dst = l.pred_dst(l.op(0));
    l.I.a = l.pred_src(l.op(1), na);
    l.I.b = l.pred_src(l.op(2), nb);
    l.I.x = na | nb << 1;
    l.emit(h_pred2<Op>, InstructionClass::Int);
    return;
  }
  by_size(l, ty_size(t), [&](auto v) {
    using T = decltype(v);
    if constexpr (!std::is_same_v<T, u128>) {
      l.I.dst = l.dst(0, sizeof(T));
      l.I.a = l.src(1, t);
      l.I.b = l.src(2, t);
      l.emit(h_bin<T, Op>, InstructionClass::Int);
    } else
      l.bad("type");
  });
}
template <class Op>
void un(Lower& l, PtxType t) {
  by_int(l, t, [&](auto v) {
    using T = decltype(v);
    l.I.dst = l.dst(0, sizeof(T));
    l.I.a = l.src(1, t);
    l.emit(h_un<std::make_unsigned_t<T>, Op>, InstructionClass::Int);
  });
}
}  // namespace

static void op_and(Lower& l) { logic<And>(l); }
static void op_or(Lower& l) { logic<Or>(l); }
static void op_xor(Lower& l) { logic<Xor>(l); }
static void op_not(Lower& l) {
  if (l.ty() == PtxType::Pred) {
    bool n;
    l.I.dst = l.pred_dst(l.op(0));
    l.I.a = l.pred_src(l.op(1), n);
    l.I.x = n;
    l.emit(h_pred_not, InstructionClass::Int);
    return;
  }
  un<Not>(l, l.ty());
}
static void op_cnot(Lower& l) { un<Cnot>(l, l.ty()); }
static void op_shl(Lower& l) {
  PtxType t = l.ty();
  int n = ty_size(t);
  l.I.dst = l.dst(0, n);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, PtxType::U32);
  l.emit(n == 2 ? h_shl<u16> : n == 4 ? h_shl<u32> : h_shl<u64>, InstructionClass::Int);
}
static void op_shr(Lower& l) {
  PtxType t = l.ty();
  by_int(l, t, [&](auto v) {
    using T = decltype(v);
    l.I.dst = l.dst(0, sizeof(T));
    l.I.a = l.src(1, t);
    l.I.b = l.src(2, PtxType::U32);
    l.emit(h_shr<T>, InstructionClass::Int);
  });
}
static void op_shf(Lower& l) {
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, PtxType::B32);
  l.I.b = l.src(2, PtxType::B32);
  l.I.c = l.src(3, PtxType::U32);
  bool left = l.has("l"), clamp = l.has("clamp");
  l.emit(left ? (clamp ? h_shf<true, true> : h_shf<true, false>)
              : (clamp ? h_shf<false, true> : h_shf<false, false>),
         InstructionClass::Int);
}
static void op_bfe(Lower& l) {
  PtxType t = l.ty();
  int n = ty_size(t);
  l.I.dst = l.dst(0, n);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, PtxType::U32);
  l.I.c = l.src(3, PtxType::U32);
  l.emit(t == PtxType::U32   ? h_bfe<u32>
         : t == PtxType::S32 ? h_bfe<s32>
         : t == PtxType::U64 ? h_bfe<u64>
                             : h_bfe<s64>,
         InstructionClass::Int);
}
static void op_bfi(Lower& l) {
  PtxType t = l.ty();
  int n = ty_size(t);
  l.I.dst = l.dst(0, n);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, t);
  l.I.c = l.src(3, PtxType::U32);
  l.I.d = l.src(4, PtxType::U32);
  l.emit(n == 4 ? h_bfi<u32> : h_bfi<u64>, InstructionClass::Int);
}
static void op_bmsk(Lower& l) {
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, PtxType::B32);
  l.I.b = l.src(2, PtxType::B32);
  l.emit(l.has("clamp") ? h_bmsk<true> : h_bmsk<false>, InstructionClass::Int);
}
static void op_szext(Lower& l) {
  PtxType t = l.ty();
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, t);
  l.I.b = l.src(2, PtxType::U32);
  bool c = l.has("clamp");
  l.emit(t == PtxType::S32 ? (c ? h_szext<s32, true> : h_szext<s32, false>)
                           : (c ? h_szext<u32, true> : h_szext<u32, false>),
         InstructionClass::Int);
}
static void op_bfind(Lower& l) {
  PtxType t = l.ty();
  l.I.x = l.has("shiftamt");
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, t);
  l.emit(t == PtxType::U32   ? h_bfind<u32>
         : t == PtxType::S32 ? h_bfind<s32>
         : t == PtxType::U64 ? h_bfind<u64>
                             : h_bfind<s64>,
         InstructionClass::Int);
}
static void op_popc(Lower& l) {
  PtxType t = l.ty();
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, t);
  l.emit(ty_size(t) == 4 ? h_popc<u32> : h_popc<u64>, InstructionClass::Int);
}
static void op_clz(Lower& l) {
  PtxType t = l.ty();
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, t);
  l.emit(ty_size(t) == 4 ? h_clz<u32> : h_clz<u64>, InstructionClass::Int);
}
static void op_brev(Lower& l) {
  PtxType t = l.ty();
  l.I.dst = l.dst(0, ty_size(t));
  l.I.a = l.src(1, t);
  l.emit(ty_size(t) == 4 ? h_brev<u32> : h_brev<u64>, InstructionClass::Int);
}
static void op_fns(Lower& l) {
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, PtxType::B32);
  l.I.b = l.src(2, PtxType::B32);
  l.I.c = l.src(3, PtxType::S32);
  l.emit(h_fns, InstructionClass::Int);
}
static void op_dp4a(Lower& l) {
  l.I.x = (l.ty(0) == PtxType::S32) | (l.ty(1) == PtxType::S32) << 1;
  if (l.s.op == "dp2a") l.I.x |= 4 | (l.has("hi") ? 8 : 0);
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, PtxType::B32);
  l.I.b = l.src(2, PtxType::B32);
  l.I.c = l.src(3, PtxType::B32);
  l.emit(h_dp, InstructionClass::Int);
}
VGPU_OP(and, op_and);
VGPU_OP(or, op_or);
VGPU_OP(xor, op_xor);
VGPU_OP(not, op_not);
VGPU_OP(cnot, op_cnot);
VGPU_OP(shl, op_shl);
VGPU_OP(shr, op_shr);
VGPU_OP(shf, op_shf);
VGPU_OP(bfe, op_bfe);
VGPU_OP(bfi, op_bfi);
VGPU_OP(bmsk, op_bmsk);
VGPU_OP(szext, op_szext);
VGPU_OP(bfind, op_bfind);
VGPU_OP(popc, op_popc);
VGPU_OP(clz, op_clz);
VGPU_OP(brev, op_brev);
VGPU_OP(fns, op_fns);
VGPU_OP(dp4a, op_dp4a);
VGPU_OP(dp2a, op_dp4a);
}  // namespace vgpu

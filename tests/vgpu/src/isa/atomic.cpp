// atom and red. Blocks of a grid run on different host threads, so global memory needs real
// atomics; shared memory belongs to one block, which one thread executes.
#include "tests/vgpu/src/isa/access.h"
#include "tests/vgpu/src/isa/floatops.h"
namespace vgpu {
namespace {
enum Op : u8 { ADD, MIN, MAX, INC, DEC, AND, OR, XOR, EXCH, CAS };

// Scalar semantics: new value from old value and operand.
template <class T>
T apply(int op, T o, T b, T c) {
  switch (op) {
    case ADD:
      return (T)(o + b);
    case MIN:
      return o < b ? o : b;
    case MAX:
      return o > b ? o : b;
    case INC:
      return o >= b ? (T)0 : (T)(o + 1);
    case DEC:
      return o == 0 || o > b ? b : (T)(o - 1);
    case EXCH:
      return b;
    case CAS:
      return o == b ? c : o;
  }
  if constexpr (std::is_integral_v<T>) switch (op) {
      case AND:
        return o & b;
      case OR:
        return o | b;
      case XOR:
        return o ^ b;
    }
  return o;
}
struct F32 {
  float v;
};
struct F64 {
  double v;
};
struct H1 {
  u16 v;
};
struct B1 {
  u16 v;
};
struct H2 {
  u32 v;
};
struct B2 {
  u32 v;
};
template <class T>
struct Raw {
  using t = T;
};
template <>
struct Raw<F32> {
  using t = u32;
};
template <>
struct Raw<F64> {
  using t = u64;
};
template <>
struct Raw<H1> {
  using t = u16;
};
template <>
struct Raw<B1> {
  using t = u16;
};
template <>
struct Raw<H2> {
  using t = u32;
};
template <>
struct Raw<B2> {
  using t = u32;
};
template <bool BF>
u16 half_op(int op, u16 o, u16 b) {
  float x = BF ? bf16_to_float(o) : half_to_float(o), y = BF ? bf16_to_float(b) : half_to_float(b);
  if (op == ADD) return BF ? float_to_bf16_rn(x + y) : float_to_half_rn(x + y);
  if (x != x) return y != y ? 0x7fff : b;
  if (y != y) return o;
  return (op == MIN ? x < y : x > y) ? o : b;
}
// R is the raw unsigned type of T; global: flush subnormals in fp32 adds as the L2 atomics do.
template <class T>
typename Raw<T>::t step(int op, typename Raw<T>::t o, typename Raw<T>::t b, typename Raw<T>::t c,
                        bool global) {
  if constexpr (std::is_same_v<T, F32>) {
    if (op == EXCH) return b;
    float x = bitcast<float>(o), y = bitcast<float>(b);
    if (op == ADD) return bitcast<u32>(global ? flush(canon(flush(x) + flush(y))) : canon(x + y));
    if (x != x) return b;
    if (y != y) return o;
    return (op == MIN ? x < y : x > y) ? o : b;
  } else if constexpr (std::is_same_v<T, F64>) {
    double x = bitcast<double>(o), y = bitcast<double>(b);
    if (op == ADD) return bitcast<u64>(x + y);
    return (op == MIN ? x < y : x > y) ? o : b;
  } else if constexpr (std::is_same_v<T, H1>)
    return half_op<false>(op, o, b);
  else if constexpr (std::is_same_v<T, B1>)
    return half_op<true>(op, o, b);
  else if constexpr (std::is_same_v<T, H2>)
    return (u32)half_op<false>(op, (u16)o, (u16)b) |
           (u32)half_op<false>(op, (u16)(o >> 16), (u16)(b >> 16)) << 16;
  else if constexpr (std::is_same_v<T, B2>)
    return (u32)half_op<true>(op, (u16)o, (u16)b) |
           (u32)half_op<true>(op, (u16)(o >> 16), (u16)(b >> 16)) << 16;
  else
    return (typename Raw<T>::t)apply<T>(op, (T)o, (T)b, (T)c);
}
template <class T>
typename Raw<T>::t rmw(u8* p, int op, typename Raw<T>::t b, typename Raw<T>::t c, bool local) {
  using R = typename Raw<T>::t;
  using U = std::make_unsigned_t<R>;
  U* q = (U*)p;
  if (local) {
    R o = (R)*q;
    *q = (U)step<T>(op, o, b, c, false);
    return o;
  }
  if constexpr (std::is_integral_v<T>) {
    switch (op) {
      case ADD:
        return (R)__atomic_fetch_add(q, (U)b, __ATOMIC_SEQ_CST);
      case EXCH:
        return (R)__atomic_exchange_n(q, (U)b, __ATOMIC_SEQ_CST);
      case AND:
        return (R)__atomic_fetch_and(q, (U)b, __ATOMIC_SEQ_CST);
      case OR:
        return (R)__atomic_fetch_or(q, (U)b, __ATOMIC_SEQ_CST);
      case XOR:
        return (R)__atomic_fetch_xor(q, (U)b, __ATOMIC_SEQ_CST);
      case CAS: {
        U e = (U)b;
        __atomic_compare_exchange_n(q, &e, (U)c, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
        return (R)e;
      }
    }
  }
  U o = __atomic_load_n(q, __ATOMIC_RELAXED);
  for (;;) {
    U n = (U)step<T>(op, (R)o, b, c, true);
    if (n == o && op != ADD) return (R)o;
    if (__atomic_compare_exchange_n(q, &o, n, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
      return (R)o;
  }
}
// Pointer with the instruction's last allocation remembered.
VGPU_INLINE u8* pointer(Warp& w, const Instruction& I, int lane, u64 a, Space sp, u32 bytes,
                        bool& local) {
  u64 win = a & kWindowMask;
  local = sp == Space::Shared || win == kSharedWindow || win == kLocalWindow;
  Memo& m = w.memo[I.mem];
  if (!local && m.epoch == w.epoch && a >= m.lo && a + bytes <= m.hi && !(a & (bytes - 1)))
    return (u8*)a;
  u8* p = lane_pointer(w, I, lane, a, sp, bytes, bytes, true);
  if (!local) {
    u64 lo, hi;
    if (memtable().range(a, lo, hi)) {
      m.lo = lo;
      m.hi = hi;
      m.epoch = w.epoch;
    }
  }
  return p;
}
// I.z op, I.y space, I.b operand, I.c third operand, RET: has a destination
template <class T, bool RET>
void h_atom(Warp& w, const Instruction& I, u32 mask) {
  using R = typename Raw<T>::t;
  alignas(64) u64 ad[32];
  lane_addresses(w, I, ad);
  const R *b = w.R<R>(I.b), *c = w.R<R>(I.c);
  R* d = w.R<R>(I.dst);
  Memo& m = w.memo[I.mem];
  bool any_global = false;
  for_lanes(mask, [&](int i) {
    bool local;
    u8* p = pointer(w, I, i, ad[i], (Space)I.y, sizeof(R), local);
    any_global |= !local;
    R o = rmw<T>(p, I.z, b[i], I.z == CAS ? c[i] : R{}, local);
    if (RET) d[i] = o;
  });
  if (any_global) {
    m.g_req++;
    m.g_bytes += sizeof(R) * (u32)__builtin_popcount(mask);
  } else {
    m.s_req++;
    m.s_bytes += sizeof(R) * (u32)__builtin_popcount(mask);
  }
  if (RET) w.burn(2);
}
template <bool RET>
void h_atom128(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) u64 ad[32];
  lane_addresses(w, I, ad);
  const u128 *b = w.R<u128>(I.b), *c = w.R<u128>(I.c);
  u128* d = w.R<u128>(I.dst);
  for_lanes(mask, [&](int i) {
    bool local;
    auto* p = (unsigned __int128*)pointer(w, I, i, ad[i], (Space)I.y, 16, local);
    unsigned __int128 bb = bitcast<unsigned __int128>(b[i]), o = *p;
    unsigned __int128 n = I.z == CAS ? bitcast<unsigned __int128>(c[i]) : bb;
    if (I.z == CAS) {
      unsigned __int128 e = bb;
      o = __sync_val_compare_and_swap(p, e, n);
    } else
      for (;;) {
        unsigned __int128 q = __sync_val_compare_and_swap(p, o, n);
        if (q == o) break;
        o = q;
      }
    if (RET) d[i] = bitcast<u128>(o);
  });
  w.burn(2);
}
// Vector forms: ops list holds V destinations (if RET) then V sources.
template <class T, int V, bool RET>
void h_atom_vec(Warp& w, const Instruction& I, u32 mask) {
  using R = typename Raw<T>::t;
  alignas(64) u64 ad[32];
  lane_addresses(w, I, ad);
  const u32* o = w.ops(I);
  for_lanes(mask, [&](int i) {
    bool local;
    R old[V];
    u8* p = pointer(w, I, i, ad[i], (Space)I.y, sizeof(R) * V, local);
    for (int k = 0; k < V; k++)
      old[k] = rmw<T>(p + k * sizeof(R), I.z, w.R<R>(o[(RET ? V : 0) + k])[i], R{}, local);
    if (RET)
      for (int k = 0; k < V; k++) w.R<R>(o[k])[i] = old[k];
  });
  Memo& m = w.memo[I.mem];
  m.g_req++;
  m.g_bytes += sizeof(R) * V * (u32)__builtin_popcount(mask);
}
template <class T>
Handler vec_handler(Lower& l, int v, bool ret) {
  switch (v) {
    case 2:
      return ret ? h_atom_vec<T, 2, true> : h_atom_vec<T, 2, false>;
    case 4:
      return ret ? h_atom_vec<T, 4, true> : h_atom_vec<T, 4, false>;
    case 8:
      return ret ? h_atom_vec<T, 8, true> : h_atom_vec<T, 8, false>;
  }
  l.bad("vector length");
}
void op_atom(Lower& l) {
  bool ret = l.s.op == "atom";
  if (l.has("async")) l.bad("red.async is not supported yet");
  static const std::pair<const char*, Op> ops[] = {
      {"add", ADD}, {"min", MIN}, {"max", MAX}, {"inc", INC},   {"dec", DEC},
      {"and", AND}, {"or", OR},   {"xor", XOR}, {"exch", EXCH}, {"cas", CAS}};
  int op = -1;
  for (auto& [n, o] : ops)
    if (l.has(n)) op = o;
  if (op < 0) l.bad("atomic operation");
  PtxType t = l.ty();
  int v = l.vec();
  Space sp = l.space();
  size_t i = ret ? 1 : 0;
  race_probe(l, l.op(i), sp, (u32)(ty_size(t) * v), 3);
  l.address(l.op(i), sp);
  l.I.z = (u8)op;
  l.I.y = (u8)sp;
  l.I.mem = l.mem_slot();
  int n = ty_size(t);
  if (v > 1) {
    std::vector<u32> r;
    bool sink = ret && l.op(0).kind == PtxOperand::Sink;
    if (ret && !sink)
      for (auto& o : l.op(0).sub) r.push_back(l.dst(o, n));
    for (auto& o : l.op(i + 1).sub) r.push_back(l.src(o, t));
    l.more(r);
    bool rr = ret && !sink;
    Handler h = t == PtxType::F32      ? vec_handler<F32>(l, v, rr)
                : t == PtxType::F16    ? vec_handler<H1>(l, v, rr)
                : t == PtxType::BF16   ? vec_handler<B1>(l, v, rr)
                : t == PtxType::F16x2  ? vec_handler<H2>(l, v, rr)
                : t == PtxType::BF16x2 ? vec_handler<B2>(l, v, rr)
                                       : nullptr;
    if (!h) l.bad("vector atomic type");
    l.emit(h, InstructionClass::Atomic);
    return;
  }
  if (ret) l.I.dst = l.dst(0, n);
  l.I.b = l.src(i + 1, t);
  if (op == CAS) l.I.c = l.src(i + 2, t);
  Handler h = nullptr;
#define A(T) (ret ? (Handler)h_atom<T, true> : (Handler)h_atom<T, false>)
  switch (t) {
    case PtxType::F32:
      h = A(F32);
      break;
    case PtxType::F64:
      h = A(F64);
      break;
    case PtxType::F16:
      h = A(H1);
      break;
    case PtxType::BF16:
      h = A(B1);
      break;
    case PtxType::F16x2:
      h = A(H2);
      break;
    case PtxType::BF16x2:
      h = A(B2);
      break;
    case PtxType::B16:
    case PtxType::U16:
      h = A(u16);
      break;
    case PtxType::B32:
    case PtxType::U32:
      h = A(u32);
      break;
    case PtxType::S32:
      h = A(s32);
      break;
    case PtxType::B64:
    case PtxType::U64:
      h = A(u64);
      break;
    case PtxType::S64:
      h = A(s64);
      break;
    case PtxType::B128:
      h = ret ? h_atom128<true> : h_atom128<false>;
      break;
    default:
      l.bad("atomic type");
  }
#undef A
  l.emit(h, InstructionClass::Atomic);
}
}  // namespace
VGPU_OP(atom, op_atom);
VGPU_OP(red, op_atom);
}  // namespace vgpu

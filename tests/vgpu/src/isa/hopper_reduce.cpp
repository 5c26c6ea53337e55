// Reductions of memory by asynchronous copies.
#include "tests/vgpu/src/isa/floatops.h"
#include "tests/vgpu/src/isa/hopper.h"
namespace vgpu {
bool find_red_op(const Lower& l, ReductionOp& op) {
  static const std::pair<const char*, ReductionOp> ops[] = {
      {"add", RO_ADD}, {"min", RO_MIN}, {"max", RO_MAX}, {"inc", RO_INC},
      {"dec", RO_DEC}, {"and", RO_AND}, {"or", RO_OR},   {"xor", RO_XOR}};
  for (auto& [n, o] : ops)
    if (l.has(n)) {
      op = o;
      return true;
    }
  return false;
}
template <class T>
static T red_int(ReductionOp op, T o, T b) {
  switch (op) {
    case RO_ADD:
      return (T)((std::make_unsigned_t<T>)o + (std::make_unsigned_t<T>)b);
    case RO_MIN:
      return o < b ? o : b;
    case RO_MAX:
      return o > b ? o : b;
    case RO_INC:
      return o >= b ? (T)0 : (T)(o + 1);
    case RO_DEC:
      return o == 0 || o > b ? b : (T)(o - 1);
    case RO_AND:
      return o & b;
    case RO_OR:
      return o | b;
    default:
      return o ^ b;
  }
}
template <class F>
static F red_fp(ReductionOp op, F x, F y) {
  if (op == RO_ADD) return x + y;
  if (x != x) return y;
  if (y != y) return x;
  return (op == RO_MIN ? x < y : x > y) ? x : y;
}
template <class U, class F>
static void red_loop(u8* dst, const u8* src, u32 bytes, F f) {
  for (u32 i = 0; i < bytes; i += sizeof(U)) {
    U b;
    memcpy(&b, src + i, sizeof b);
    U* q = (U*)(dst + i);
    U o = __atomic_load_n(q, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(q, &o, (U)f(o, b), false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
    }
  }
}
void reduce_bytes(u8* d, const u8* s, u32 n, ReductionOp op, PtxType t) {
  switch (t) {
    case PtxType::U32:
    case PtxType::B32:
      red_loop<u32>(d, s, n, [=](u32 o, u32 b) { return red_int<u32>(op, o, b); });
      return;
    case PtxType::S32:
      red_loop<u32>(d, s, n, [=](u32 o, u32 b) { return (u32)red_int<s32>(op, (s32)o, (s32)b); });
      return;
    case PtxType::U64:
    case PtxType::B64:
      red_loop<u64>(d, s, n, [=](u64 o, u64 b) { return red_int<u64>(op, o, b); });
      return;
    case PtxType::S64:
      red_loop<u64>(d, s, n, [=](u64 o, u64 b) { return (u64)red_int<s64>(op, (s64)o, (s64)b); });
      return;
    case PtxType::F32:
      red_loop<u32>(d, s, n, [=](u32 o, u32 b) {
        return bitcast<u32>(flush(red_fp(op, flush(bitcast<float>(o)), flush(bitcast<float>(b)))));
      });
      return;
    case PtxType::F64:
      red_loop<u64>(d, s, n, [=](u64 o, u64 b) {
        return bitcast<u64>(red_fp(op, bitcast<double>(o), bitcast<double>(b)));
      });
      return;
    case PtxType::F16:
      red_loop<u16>(d, s, n, [=](u16 o, u16 b) {
        return float_to_half_rn(red_fp(op, half_to_float(o), half_to_float(b)));
      });
      return;
    case PtxType::BF16:
      red_loop<u16>(d, s, n, [=](u16 o, u16 b) {
        return float_to_bf16_rn(red_fp(op, bf16_to_float(o), bf16_to_float(b)));
      });
      return;
    default:
      throw Fault(ERR_ILLEGAL_INSTRUCTION,
                  format_text("asynchronous reduction on type %s", ty_name(t)));
  }
}
}  // namespace vgpu

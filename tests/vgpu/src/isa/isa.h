// Shared by the opcode families.
#pragma once
#include "tests/vgpu/src/isa/simd.h"
#include "tests/vgpu/src/ptx/builder.h"
#include "tests/vgpu/src/ptx/lower.h"
namespace vgpu {
// Calls f(T{}) with the C++ type of an integer PTX type. Untyped bits count as unsigned.
template <class F>
void by_int(Lower& l, PtxType t, F f) {
  switch (t) {
    case PtxType::U16:
    case PtxType::B16:
      f(u16{});
      break;
    case PtxType::S16:
      f(s16{});
      break;
    case PtxType::U32:
    case PtxType::B32:
      f(u32{});
      break;
    case PtxType::S32:
      f(s32{});
      break;
    case PtxType::U64:
    case PtxType::B64:
      f(u64{});
      break;
    case PtxType::S64:
      f(s64{});
      break;
    default:
      l.bad("type not supported here");
  }
}
// Calls f(T{}) with the unsigned type of a register size.
template <class F>
void by_size(Lower& l, int bytes, F f) {
  switch (bytes) {
    case 2:
      f(u16{});
      break;
    case 4:
      f(u32{});
      break;
    case 8:
      f(u64{});
      break;
    case 16:
      f(u128{});
      break;
    default:
      l.bad("register size not supported here");
  }
}
// Element-wise handlers over lanes. Op has a static f.
template <class T, class Op>
void h_un(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T* a = w.R<T>(I.a);
  each<T>(d, mask, [=](int i) { return Op::f(a[i]); });
}
template <class T, class Op>
void h_bin(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b);
  each<T>(d, mask, [=](int i) { return Op::f(a[i], b[i]); });
}
template <class T, class Op>
void h_tri(Warp& w, const Instruction& I, u32 mask) {
  T* d = w.R<T>(I.dst);
  const T *a = w.R<T>(I.a), *b = w.R<T>(I.b), *c = w.R<T>(I.c);
  each<T>(d, mask, [=](int i) { return Op::f(a[i], b[i], c[i]); });
}
// Families that share opcode names: each returns false if the types are not its own.
bool lower_int_arith(Lower& l);
bool lower_fp_arith(Lower& l);
bool lower_half_arith(Lower& l);
InstructionClass fp_class(PtxType t);
// VGPU_RACE=1: emits a check of a shared memory access before it (isa/hopper_proxy.cpp). what: 1
// write, 2 read
void race_probe(Lower& l, const PtxOperand& address, Space sp, u32 bytes, int what);
}  // namespace vgpu

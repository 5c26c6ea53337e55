// PTX scalar types.
#pragma once
#include "tests/vgpu/src/common.h"
namespace vgpu {
enum class Ty : u8 {
  None,
  B8,
  U8,
  S8,
  B16,
  U16,
  S16,
  F16,
  BF16,
  B32,
  U32,
  S32,
  F32,
  TF32,
  F16x2,
  BF16x2,
  U16x2,
  S16x2,
  B64,
  U64,
  S64,
  F64,
  F32x2,
  B128,
  Pred,
  E4M3,
  E5M2,
  E4M3x2,
  E5M2x2,
  E2M1x2,
  E2M3x2,
  E3M2x2,
  UE8M0x2
};
Ty parse_ty(std::string_view s);  // without the dot; None if it is not a type
int ty_size(Ty t);                // bytes
const char* ty_name(Ty t);
inline bool ty_signed(Ty t) { return t == Ty::S8 || t == Ty::S16 || t == Ty::S32 || t == Ty::S64; }
inline bool ty_float(Ty t) {
  switch (t) {
    case Ty::F16:
    case Ty::BF16:
    case Ty::F32:
    case Ty::TF32:
    case Ty::F16x2:
    case Ty::BF16x2:
    case Ty::F64:
    case Ty::F32x2:
      return true;
    default:
      return false;
  }
}
}  // namespace vgpu

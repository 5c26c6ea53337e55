// PTX scalar types.
#pragma once
#include "tests/vgpu/src/common.h"
namespace vgpu {
enum class PtxType : u8 {
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
PtxType parse_ty(std::string_view s);  // without the dot; None if it is not a type
int ty_size(PtxType t);                // bytes
const char* ty_name(PtxType t);
inline bool ty_signed(PtxType t) {
  return t == PtxType::S8 || t == PtxType::S16 || t == PtxType::S32 || t == PtxType::S64;
}
inline bool ty_float(PtxType t) {
  switch (t) {
    case PtxType::F16:
    case PtxType::BF16:
    case PtxType::F32:
    case PtxType::TF32:
    case PtxType::F16x2:
    case PtxType::BF16x2:
    case PtxType::F64:
    case PtxType::F32x2:
      return true;
    default:
      return false;
  }
}
}  // namespace vgpu

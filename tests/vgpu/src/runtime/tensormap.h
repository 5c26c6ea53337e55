// What vgpu keeps in the 128 bytes of a CUtensorMap (the real layout is not public).
#pragma once
#include "tests/vgpu/src/common.h"
namespace vgpu {
struct TMap {
  u64 addr;
  u64 unused;  // CUTLASS clears a bit here, against a driver bug
  u64 magic;
  u64 stride[4];  // bytes, of dimensions 1..
  u64 dim[5];     // elements
  u16 box[5];
  u8 es[5];  // element strides
  u8 type, esize, rank, swizzle, nan_fill, l2, pad[2];
};
static_assert(sizeof(TMap) <= 128);
constexpr u64 kTMapMagic = 0x31706d5475706776ull;
// Values of CUtensorMapDataType.
enum TMapType : u8 {
  TM_U8,
  TM_U16,
  TM_U32,
  TM_S32,
  TM_U64,
  TM_S64,
  TM_F16,
  TM_F32,
  TM_F64,
  TM_BF16,
  TM_F32_FTZ,
  TM_TF32,
  TM_TF32_FTZ
};
}  // namespace vgpu

#include "tests/vgpu/src/ptx/types.h"
namespace vgpu {
static const struct {
  const char* name;
  PtxType t;
  int size;
} kTypes[] = {
    {"b8", PtxType::B8, 1},         {"u8", PtxType::U8, 1},          {"s8", PtxType::S8, 1},
    {"b16", PtxType::B16, 2},       {"u16", PtxType::U16, 2},        {"s16", PtxType::S16, 2},
    {"f16", PtxType::F16, 2},       {"bf16", PtxType::BF16, 2},      {"b32", PtxType::B32, 4},
    {"u32", PtxType::U32, 4},       {"s32", PtxType::S32, 4},        {"f32", PtxType::F32, 4},
    {"tf32", PtxType::TF32, 4},     {"f16x2", PtxType::F16x2, 4},    {"bf16x2", PtxType::BF16x2, 4},
    {"u16x2", PtxType::U16x2, 4},   {"s16x2", PtxType::S16x2, 4},    {"b64", PtxType::B64, 8},
    {"u64", PtxType::U64, 8},       {"s64", PtxType::S64, 8},        {"f64", PtxType::F64, 8},
    {"f32x2", PtxType::F32x2, 8},   {"b128", PtxType::B128, 16},     {"pred", PtxType::Pred, 4},
    {"e4m3", PtxType::E4M3, 1},     {"e5m2", PtxType::E5M2, 1},      {"e4m3x2", PtxType::E4M3x2, 2},
    {"e5m2x2", PtxType::E5M2x2, 2}, {"e2m1x2", PtxType::E2M1x2, 1},  {"e2m3x2", PtxType::E2M3x2, 2},
    {"e3m2x2", PtxType::E3M2x2, 2}, {"ue8m0x2", PtxType::UE8M0x2, 2}};
PtxType parse_ty(std::string_view s) {
  for (auto& k : kTypes)
    if (s == k.name) return k.t;
  return PtxType::None;
}
int ty_size(PtxType t) {
  for (auto& k : kTypes)
    if (k.t == t) return k.size;
  return 0;
}
const char* ty_name(PtxType t) {
  for (auto& k : kTypes)
    if (k.t == t) return k.name;
  return "none";
}
}  // namespace vgpu

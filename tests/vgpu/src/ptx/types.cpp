#include "tests/vgpu/src/ptx/types.h"
namespace vgpu {
static const struct {
  const char* name;
  Ty t;
  int size;
} kTypes[] = {{"b8", Ty::B8, 1},         {"u8", Ty::U8, 1},          {"s8", Ty::S8, 1},
              {"b16", Ty::B16, 2},       {"u16", Ty::U16, 2},        {"s16", Ty::S16, 2},
              {"f16", Ty::F16, 2},       {"bf16", Ty::BF16, 2},      {"b32", Ty::B32, 4},
              {"u32", Ty::U32, 4},       {"s32", Ty::S32, 4},        {"f32", Ty::F32, 4},
              {"tf32", Ty::TF32, 4},     {"f16x2", Ty::F16x2, 4},    {"bf16x2", Ty::BF16x2, 4},
              {"u16x2", Ty::U16x2, 4},   {"s16x2", Ty::S16x2, 4},    {"b64", Ty::B64, 8},
              {"u64", Ty::U64, 8},       {"s64", Ty::S64, 8},        {"f64", Ty::F64, 8},
              {"f32x2", Ty::F32x2, 8},   {"b128", Ty::B128, 16},     {"pred", Ty::Pred, 4},
              {"e4m3", Ty::E4M3, 1},     {"e5m2", Ty::E5M2, 1},      {"e4m3x2", Ty::E4M3x2, 2},
              {"e5m2x2", Ty::E5M2x2, 2}, {"e2m1x2", Ty::E2M1x2, 1},  {"e2m3x2", Ty::E2M3x2, 2},
              {"e3m2x2", Ty::E3M2x2, 2}, {"ue8m0x2", Ty::UE8M0x2, 2}};
Ty parse_ty(std::string_view s) {
  for (auto& k : kTypes)
    if (s == k.name) return k.t;
  return Ty::None;
}
int ty_size(Ty t) {
  for (auto& k : kTypes)
    if (k.t == t) return k.size;
  return 0;
}
const char* ty_name(Ty t) {
  for (auto& k : kTypes)
    if (k.t == t) return k.name;
  return "none";
}
}  // namespace vgpu

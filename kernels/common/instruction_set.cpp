#include "kernels/common/instruction_set.h"

#include <algorithm>
#include <cstdlib>

#include <dnnl.hpp>
#include <hwy/highway.h>

#include "kernels/common/error.h"

namespace ebb {
namespace {

struct Level {
  InstructionSet set;
  std::string_view name;
  std::int64_t highway;
  dnnl::cpu_isa onednn;
};

constexpr Level kLevels[] = {
    {InstructionSet::baseline, "baseline", HWY_SSE4, dnnl::cpu_isa::sse41},
    {InstructionSet::avx2, "avx2", HWY_AVX2, dnnl::cpu_isa::avx2},
    {InstructionSet::avx512, "avx512", HWY_AVX3, dnnl::cpu_isa::all},
};

const Level& level_of(InstructionSet set) { return kLevels[static_cast<std::size_t>(set)]; }

// What the processor has, unaffected by levels chosen before.
std::int64_t machine_targets() {
  static const std::int64_t targets = hwy::SupportedTargets();
  return targets;
}

InstructionSet requested_level() {
  const std::vector<InstructionSet> supported = supported_instruction_sets();
  const char* request = std::getenv("EBB_ISA");
  if (request == nullptr || *request == '\0') return supported.back();
  for (const Level& level : kLevels) {
    if (level.name != request) continue;
    if (std::find(supported.begin(), supported.end(), level.set) == supported.end()) {
      fail<UnsupportedError>("EBB_ISA={}: this machine has no {}; its best is {}", request, request,
                             name_of(supported.back()));
    }
    return level.set;
  }
  fail<UnsupportedError>("EBB_ISA={}: expected baseline, avx2 or avx512", request);
}

InstructionSet& settled_level() {
  static InstructionSet level = [] {
    const InstructionSet chosen = requested_level();
    // oneDNN takes its level once, before its first use; a later call is refused, which is harmless
    // only because nothing runs before this function.
    dnnl::set_max_cpu_isa(level_of(chosen).onednn);
    return chosen;
  }();
  return level;
}

void apply_to_highway(InstructionSet level) {
  hwy::SetSupportedTargetsForTest(level_of(level).highway);
  hwy::GetChosenTarget().Update(level_of(level).highway);
}

}  // namespace

std::string_view name_of(InstructionSet level) { return level_of(level).name; }

std::vector<InstructionSet> supported_instruction_sets() {
  std::vector<InstructionSet> supported;
  for (const Level& level : kLevels) {
    if ((machine_targets() & level.highway) != 0) supported.push_back(level.set);
  }
  if (supported.empty()) {
    fail<UnsupportedError>("this processor is too old: ebb needs x86-64-v2 (SSE4.2)");
  }
  return supported;
}

InstructionSet active_instruction_set() {
  static const bool applied = [] {
    apply_to_highway(settled_level());
    return true;
  }();
  static_cast<void>(applied);
  return settled_level();
}

void use_instruction_set(InstructionSet level) {
  active_instruction_set();
  const std::vector<InstructionSet> supported = supported_instruction_sets();
  if (std::find(supported.begin(), supported.end(), level) == supported.end()) {
    fail<UnsupportedError>("this machine has no {}", name_of(level));
  }
  apply_to_highway(level);
  settled_level() = level;
}

std::string_view name_of(Bf16Unit unit) {
  constexpr std::string_view kNames[] = {"none", "avx512_bf16", "amx"};
  return kNames[static_cast<std::size_t>(unit)];
}

Bf16Unit active_bf16_unit() {
  active_instruction_set();  // before oneDNN is asked, which settles its level too
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_amx:
      return Bf16Unit::amx;
    case dnnl::cpu_isa::avx512_core_bf16:
      return Bf16Unit::avx512_bf16;
    default:
      return Bf16Unit::none;
  }
}

}  // namespace ebb

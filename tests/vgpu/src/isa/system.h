// Functions the driver provides to device code: vprintf, __assertfail, malloc, free.
#pragma once
#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
int find_builtin(std::string_view name);  // -1 if there is none of that name
void run_builtin(Warp& w, const Instruction& I, const CallSite& cs, u32 mask);
}  // namespace vgpu

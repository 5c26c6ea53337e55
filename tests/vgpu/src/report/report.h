// Counters per kernel name, gathered after each launch, written at exit (VGPU_REPORT).
#pragma once
#include "tests/vgpu/src/exec/grid.h"
namespace vgpu {
void report_launch(Launch& l, std::vector<Thread*>& threads, u64 ns);
void report_host_op(const std::string& name, u64 flops, bool tensor,
                    u64 ns);  // work that another library did
}  // namespace vgpu

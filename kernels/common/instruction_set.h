// Which instruction set the CPU kernels and oneDNN use: chosen once, at run time, for both.
#pragma once

#include <string_view>
#include <vector>

namespace ebb {

/// baseline: x86-64-v2 (SSE4.2). avx2: with FMA. avx512: F, BW, DQ, VL.
enum class InstructionSet { baseline, avx2, avx512 };

/// "baseline", "avx2" or "avx512".
std::string_view name_of(InstructionSet level);

/// The levels that this machine can run, lowest first. Throws UnsupportedError on a machine older
/// than x86-64-v2.
std::vector<InstructionSet> supported_instruction_sets();

/// The level in use: the best supported one, or what the environment variable EBB_ISA names. The
/// first call settles it for Highway and oneDNN together. Throws UnsupportedError when EBB_ISA
/// names a level that does not exist or that this machine lacks.
InstructionSet active_instruction_set();

/// Runs Highway's kernels at `level` from now on, so that one test can compare all levels. oneDNN
/// keeps the level of its first use. Throws UnsupportedError on a level this machine lacks.
void use_instruction_set(InstructionSet level);

/// What multiplies bf16 on this machine: AVX-512's dot products or AMX's tiles.
enum class Bf16Unit { none, avx512_bf16, amx };

/// "none", "avx512_bf16" or "amx".
std::string_view name_of(Bf16Unit unit);

/// The best unit that the level in use admits: none below avx512. On Linux, AMX counts only where
/// the kernel grants its tiles to this process; oneDNN asks for them. Settles the level as
/// active_instruction_set() does.
Bf16Unit active_bf16_unit();

}  // namespace ebb

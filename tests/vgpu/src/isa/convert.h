// Shared by the conversions.
#pragma once
#include "tests/vgpu/src/isa/floatops.h"
namespace vgpu {
// Per-conversion facts packed into Instruction: x source type, y destination type, z register
// sizes, imm flags.
enum Flag { FTZ = 1, SAT = 2, RELU = 4, SATF = 8, INTEGRAL = 16 };

// Two values to and from 8-bit floats.
void h_to_fp8(Warp& w, const Instruction& I, u32 mask);
void h_from_fp8(Warp& w, const Instruction& I, u32 mask);
}  // namespace vgpu

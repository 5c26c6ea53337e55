// Shared by mma.sync and wmma.
#pragma once
#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/isa/mma_core.h"
namespace vgpu {
// For instructions that all 32 lanes must execute together. False: the running group waits for the
// others.
VGPU_INLINE bool whole_warp(Warp& w, const Instruction& I, u32 mask) {
  if (VGPU_UNLIKELY(!w.converge(I, ~0u))) return false;
  if (VGPU_UNLIKELY(mask != ~0u))
    w.fault(ERR_ILLEGAL_INSTRUCTION, I, __builtin_ctz(mask),
            format_text("all lanes of a warp must execute this instruction, only %08x do", mask));
  return true;
}
namespace mma {
struct Types {
  std::string_view t[4];
  size_t n = 0;
  std::string_view operator[](size_t i) const;
};
Types types_of(const Lower& l);  // element types among the modifiers, in order
bool shape_of(const Lower& l, int& m, int& n, int& k);
std::vector<const PtxOperand*> vector_operand(Lower& l, size_t i,
                                              size_t want);  // want 0: any number of registers
int packed(std::string_view type);                           // elements in a register
// Handler for `tiles` tiles of 8*rh rows, 8 columns and j registers of B; its operand list is D, A,
// B, C per tile. Null if there is no such instruction.
Handler find(std::string_view d, std::string_view a, std::string_view b, std::string_view c,
             bool sat, bool xor_pop, int rh, int j, int tiles);
}  // namespace mma
}  // namespace vgpu

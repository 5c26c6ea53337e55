// Shared by the sm_90 families.
#pragma once
#include "tests/vgpu/src/exec/cluster.h"
#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/isa/access.h"
namespace vgpu {
// A place in the shared memory of some block of the cluster. A 32-bit shared::cluster address (or
// the low half of a generic one) is (rank + 1) << 24 | offset; without a rank it means the block's
// own memory.
struct Smem {
  Block* blk;
  u32 off;
  u8* p;
};
Smem smem_at(Warp& w, const Instruction& I, int lane, u64 addr, u32 bytes, u32 align, bool generic,
             bool store);
VGPU_INLINE Smem smem_at(Warp& w, const Instruction& I, int lane, u64 addr, u32 bytes, u32 align,
                         Space sp, bool store) {
  return smem_at(w, I, lane, addr, bytes, align, sp == Space::Generic, store);
}
// mbarrier state changes; `off` must be a valid mbarrier of b.
void mbar_update(Warp& w, const Instruction& I, int lane, Block& b, u32 off, s64 tx_add,
                 u32 arrivals, u32 drop, bool no_complete = false);
void mbar_expect(Warp& w, const Instruction& I, int lane, Block& b, u32 off, u32 tx);
// Reduction of n bytes at dst (which other host threads may update too) by src; ops as in
// atomic.cpp.
enum ReductionOp : u8 { RO_ADD, RO_MIN, RO_MAX, RO_INC, RO_DEC, RO_AND, RO_OR, RO_XOR };
bool find_red_op(const Lower& l, ReductionOp& op);
void reduce_bytes(u8* dst, const u8* src, u32 bytes, ReductionOp op, PtxType t);
// Race checks: the generic proxy wrote / the async proxy overwrote shared memory.
void proxy_wrote(Warp& w, int lane, Block& b, u32 off, u32 bytes);
void proxy_clear(Block& b, u32 off, u32 bytes);
void proxy_fence(Warp& w, u32 mask);
}  // namespace vgpu

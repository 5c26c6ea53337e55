// Barriers of a block and of a warp.
#include "tests/vgpu/src/exec/block.h"
#include "tests/vgpu/src/exec/race.h"
#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
namespace {
// I.x: mode (see Block::barrier), I.y: .aligned, I.a id, I.b thread count (I.z: present), I.c
// predicate (I.imm: negated)
void h_bar(Warp& w, const Instruction& I, u32 mask) {
  int l = __builtin_ctz(mask);
  u32 id = w.R<u32>(I.a)[l], n = I.z ? w.R<u32>(I.b)[l] : 0;
  if (id > 15) w.fault(ERR_ILLEGAL_INSTRUCTION, I, l, format_text("barrier %u does not exist", id));
  u32 p = I.x >= 2 ? w.P(I.c) ^ (I.imm ? ~0u : 0) : 0;
  w.blk->barrier(w, I, id, n, I.x, mask, p);
}
void h_warp_bar(Warp& w, const Instruction& I, u32 mask) {  // I.x == 1 marks it for Warp::pick
  const u32* m = w.R<u32>(I.a);
  u32 need = 0;
  for_lanes(mask, [&](int i) { need |= m[i]; });
  if (VGPU_UNLIKELY(race_on)) race_warp_sync(w);
  w.converge(I, need);
}
void op_bar(Lower& l) {
  if (l.has("warp")) {
    l.I.x = 1;
    l.I.a = l.src(0, PtxType::U32);
    l.emit(h_warp_bar, InstructionClass::Barrier);
    return;
  }
  bool red = l.has("red");
  size_t i = 0;
  if (red) {
    if (l.has("popc")) {
      l.I.x = 2;
      l.I.dst = l.dst(0, 4);
    } else {
      l.I.x = l.has("and") ? 3 : 4;
      l.I.dst = l.pred_dst(l.op(0));
    }
    i = 1;
  } else
    l.I.x = l.has("arrive") ? 1 : 0;
  l.I.y = l.s.op == "bar" || l.has("aligned");
  l.I.a = l.src(i, PtxType::U32);
  size_t left = l.nops() - i - 1 - (red ? 1 : 0);
  if (left >= 1) {
    l.I.b = l.src(i + 1, PtxType::U32);
    l.I.z = 1;
  }
  if (red) {
    bool n;
    l.I.c = l.pred_src(l.op(l.nops() - 1), n);
    l.I.imm = n;
  }
  l.emit(h_bar, InstructionClass::Barrier);
}
}  // namespace
VGPU_OP(bar, op_bar);
VGPU_OP(barrier, op_bar);
}  // namespace vgpu

// Operations of wgmma in flight.
#pragma once
#include <deque>
#include <memory>

#include "tests/vgpu/src/isa/floatops.h"
#include "tests/vgpu/src/isa/hopper.h"
namespace vgpu::wgmma {
enum El : u8 { E_F16, E_BF16, E_TF32, E_E4M3, E_E5M2, E_S8, E_U8 };
enum Acc : u8 { A_F32, A_F16, A_S32 };
struct Shape {  // of one instruction, decoded once
  u16 n, k;
  El ta, tb;
  Acc acc;
  bool a_regs, neg_a, neg_b, tr_a, tr_b, sat, eager;
  u32 nd;  // accumulator registers
};
struct Info : Shape {
  std::string what;
};

struct Shadow {  // values of accumulators in flight
  const u8* regs[4];
  std::vector<u32> refs;
  u32 live_ops = 0;
  u32* data = nullptr;  // [register][warp][lane]
  void alloc() { data = (u32*)aligned_alloc(64, refs.size() * 512); }
  Shadow() = default;
  Shadow(const Shadow&) = delete;
  ~Shadow() { free(data); }
};
struct Op {
  const Instruction* I;
  const Info* info;
  u64 da, db;
  u32 warps = 0;
  u8 scale_d = 0;
  std::shared_ptr<Shadow> sh;
  Warp* w = nullptr;
  alignas(64) u32 a[4][4][32];  // A fragments: [warp][register][lane]
};
struct WarpGroup {
  std::deque<std::unique_ptr<Op>> ops;
  u64 base = 0;  // ops[0] is number `base`
  u64 issued[4] = {0};
  std::vector<u64> groups[4];  // committed: number of the first operation after the group
  std::vector<std::shared_ptr<Shadow>> shadows;
  std::unique_ptr<Op> now;
  u64 gen = 0, waits[4] = {0};
  u8* regs[4];  // eager: the operation that gathers its four warps; done; which one each warp waits
                // for
};
struct State {
  std::deque<WarpGroup> wg;
};

// Bytes of an element of A or B.
inline int el_size(El t) { return t <= E_BF16 ? 2 : t == E_TF32 ? 4 : 1; }
// Computes the operation into its shadow.
void run_op(const Op& op);
// Computes it into the accumulators themselves: register j of warp q is at regs[q] + refs[j].
void run_op_in_place(const Op& op, u8* const* regs, const u32* refs);
}  // namespace vgpu::wgmma

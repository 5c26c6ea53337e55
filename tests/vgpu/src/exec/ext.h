// State that only some kernels need, behind Warp::ext and Block::ext: made on first use, reset by
// Block::start.
#pragma once
#include <memory>

#include "tests/vgpu/src/exec/block.h"
namespace vgpu {
// One cp.async of a warp. The copy is made when its lanes wait for it; until then the destination
// holds poison.
struct alignas(64) PendingCopy {
  u64 src[32];
  u32 dst[32];    // host address; offset in shared memory
  u32 group[32];  // number of groups the lane had committed before
  u8 bytes[32];   // to copy; zeros follow up to `size`
  u32 left;       // lanes whose copy has not been made
  u32 full;       // lanes that copy `size` bytes
  u8 size;        // 4, 8 or 16
  const Instruction* at;
  const Code* code;
};
struct WarpExt {
  std::vector<PendingCopy> ring;
  u32 head = 0, tail = 0;               // places modulo the (power of two) size; tail: next free
  alignas(64) u32 committed[32] = {0};  // cp.async.commit_group's of each lane
  void reset() {
    head = tail = 0;
    memset(committed, 0, sizeof committed);
  }
};
struct RaceBlock;
struct BlockExt {
  std::shared_ptr<RaceBlock> race;
};

inline WarpExt& ext_of(Warp& w) {
  if (VGPU_UNLIKELY(!w.ext)) w.ext = new WarpExt;
  return *(WarpExt*)w.ext;
}
inline BlockExt& ext_of(Block& b) {
  if (VGPU_UNLIKELY(!b.ext)) b.ext = new BlockExt;
  return *(BlockExt*)b.ext;
}
inline void ext_reset(Warp& w) {
  if (w.ext) ((WarpExt*)w.ext)->reset();
}
inline void ext_free(Block& b) {
  delete (BlockExt*)b.ext;
  for (auto& w : b.warps) delete (WarpExt*)w.ext;
}

}  // namespace vgpu

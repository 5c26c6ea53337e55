// One kernel launch and the worker threads that execute its blocks.
#pragma once
#include <atomic>

#include "tests/vgpu/src/exec/block.h"
namespace vgpu {
struct Dim3 {
  u32 x = 1, y = 1, z = 1;
  u64 count() const { return (u64)x * y * z; }
};

struct Launch {
  Program* prog = nullptr;
  std::string name;
  Dim3 grid, block, cluster;
  u32 dyn_shared = 0, shared_total = 0;
  bool cooperative = false;
  u8* params = nullptr;
  u64 grid_ws = 0;  // cooperative-groups grid workspace
  u64 grid_id = 0;
  u32 max_resident = 0;  // blocks that may be live at once
  u64 total = 0;
  std::atomic<u64> next{0}, finished{0};
  std::atomic<bool> failed{false};
  Fault* fault = nullptr;  // first one wins
  u64 deadline_ns = 0;
  u32 epoch = 0;  // allocation table version
  bool check = true;
};

// A worker: what outlives one launch.
struct Thread {
  u32 id = 0;
  std::vector<Block*> free_blocks;
  struct PerCode {
    std::vector<Count> counts;
    std::vector<Memo> memo;
  };
  std::unordered_map<const Code*, PerCode> per_code;
  std::vector<std::pair<u32, u8*>> free_frames;
  u64 divergent = 0;  // divergent branches in this launch
  u64 barrier_waits = 0;
  u64 tensor_flops = 0;
  u64 bulk_ops = 0, bulk_ld_bytes = 0, bulk_ld_sectors = 0, bulk_st_bytes = 0, bulk_st_sectors = 0,
      setmaxnreg = 0;  // sm_90
  PerCode& of(const Code* c);
  u8* frame_alloc(u32& bytes);
  void frame_free(u8* p, u32 bytes) { free_frames.push_back({bytes, p}); }
};

// Runs a launch to its end (synchronously). Throws Fault.
void run_launch(Launch& l);
u64 now_ns();
}  // namespace vgpu

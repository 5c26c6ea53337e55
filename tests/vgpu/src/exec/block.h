// One thread block: its warps, shared memory and barriers.
#pragma once
#include <deque>

#include "tests/vgpu/src/exec/warp.h"
namespace vgpu {
struct Barrier {
  std::vector<u32> lanes;     // per warp: lanes that arrived
  std::vector<u8> counted;    // per warp: all its live lanes arrived
  u32 warps = 0, expect = 0;  // expect: warps, 0 = all of the block
  bool used = false;
  u32 red_and = ~0u, red_or = 0, red_pop = 0;
};

struct Cluster;
struct HopperState;
struct Block {
  Launch* launch = nullptr;
  Thread* th = nullptr;
  u32 ctaid[3] = {0, 0, 0};
  u64 linear = 0;
  std::deque<Warp> warps;
  u32 nwarps = 0;
  u8* shared = nullptr;
  u32 shared_size = 0;
  u8* arena = nullptr;
  size_t arena_bytes = 0;  // register blocks of the warps
  u8* local = nullptr;
  size_t local_bytes = 0;
  Barrier bars[16];
  u32 live_warps = 0;
  u64 passes = 0;
  u32 spin_passes = 0;
  void* ext = nullptr;
  Cluster* cluster = nullptr;
  u32 rank = 0;  // see exec/cluster.h
  HopperState* hop = nullptr;
  bool parked = false;  // parked: some group may be in Group::Wait

  enum Status { Done, Spinning };
  void start(Launch* l, Thread* t, u64 linear_id);
  Status run();  // until it ends, or until all its warps only spin
  // mode 0 sync, 1 arrive, 2 red.popc, 3 red.and, 4 red.or. Returns after marking the group as
  // waiting.
  void barrier(Warp& w, const Instruction& I, u32 id, u32 nthreads, int mode, u32 mask, u32 pred);
  void lanes_exited(Warp& w);
  std::string state_dump() const;
  ~Block();

 private:
  void arrive(Warp& w, u32 id, u32 mask);
  void check(u32 id);
  void stuck(const std::string& more = "");
};
}  // namespace vgpu

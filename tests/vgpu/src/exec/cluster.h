// Clusters of thread blocks and the asynchronous machinery of sm_90: who waits on an mbarrier,
// which bulk copies are in flight, barrier.cluster, and what happens when nothing can run.
//
// The blocks of a cluster belong to one worker thread, so their state needs no locks. Copies land
// as late as the program can tell: when somebody waits for the mbarrier they complete on, or for
// their bulk group.
#pragma once
#include <deque>
#include <memory>

#include "tests/vgpu/src/exec/block.h"
namespace vgpu {
// Kinds of Group::Wait (Group::bar).
enum WaitKind : u8 { kWaitMbar = 0, kWaitCluster = 1, kWaitWgmma = 2 };

// A copy that was issued and has not landed. Sources in shared memory are read by read(), at the
// latest by land().
struct AsyncOp {
  Warp* w = nullptr;
  const Instruction* I = nullptr;
  int lane = 0;  // who issued it
  Block* from = nullptr;
  Block* bar_blk = nullptr;
  u32 bar_off = 0, tx = 0;  // mbarrier that it completes on
  Block* dst_blk = nullptr;
  u32 dst_off = 0, dst_bytes = 0;  // shared memory that it writes
  u32 src_off = 0, src_bytes = 0;  // shared memory of `from` that it reads (bulk stores)
  bool unread = false;             // a source in shared memory was not read yet
  virtual void read() {}
  virtual void land() = 0;
  virtual ~AsyncOp() = default;
};

struct Cluster {
  std::vector<Block*> blocks;                    // by rank
  std::deque<std::unique_ptr<AsyncOp>> pending;  // those that complete on an mbarrier
  u32 phase = 0, done = 0;                       // of barrier.cluster; blocks that ended
  u32 idle = 0;                                  // blocks that found nothing to run, by rank
  u64 progress = 0, seen = 0, since = 0;
  u32 rounds = 0;  // towards a deadlock verdict
};

struct BulkGroups {
  std::vector<std::unique_ptr<AsyncOp>> open;
  std::deque<std::vector<std::unique_ptr<AsyncOp>>> closed;
};
struct HopWarp {
  u32 expired = 0;  // lanes whose try_wait ran out of time
  u32 fails = 0;
  u64 park_pass = 0;  // test_wait in a row that failed; Block::passes at the last park
  u32 arrived = 0, parity = 0, owes = 0;  // barrier.cluster: lanes; owes: arrived, not waited
  std::unique_ptr<BulkGroups> bulk[32];
};
struct HopperState {  // of a block that uses any of this
  std::vector<HopWarp> warps;
  std::shared_ptr<void> wgmma, proxy;  // isa/hopper_wgmma.cpp, hopper_proxy.cpp
  std::unique_ptr<Cluster> own;        // launched without clusters: a cluster of one
};

HopperState& hop_of(Block& b);
Cluster& cluster_of(Block& b);
inline HopWarp& hop_of(Warp& w) { return hop_of(*w.blk).warps[w.id]; }
void cluster_check(Cluster& c);  // barrier.cluster: complete it if everybody arrived

void hop_start(Block& b);    // a new life of a Block object
void hop_service(Block& b);  // parked waiters: land what they wait for
enum class Idle { Stuck, Retry, Yield };
Idle hop_idle(Block& b, std::string& why);  // nothing in the block can run
void hop_ran(Block& b);
void hop_warp_exit(Block& b, Warp& w);
void hop_finish(Block& b);  // all threads ended
// Linear id of block `rank` of cluster number `c`.
struct Launch;
u64 cluster_block(const Launch& l, u64 c, u32 rank);

// Lands pending copies that complete on this mbarrier.
void land_for(Block& b, u32 off);
void wake(Block& b, u8 kind);
bool race_checks();  // VGPU_RACE=1

// mbarrier objects: 64 bits in shared memory.
struct MBar {
  u32 pending, expected;
  s32 tx;
  u32 phase;
  bool valid;
  static MBar load(u64 v) {
    return {(u32)v & 0xfffff, (u32)(v >> 20) & 0xfffff, (s32)((u32)(v >> 40) << 11) >> 11,
            (u32)(v >> 61) & 1, (v >> 62) == 2};
  }
  u64 word() const {
    return (u64)pending | (u64)expected << 20 | ((u64)((u32)tx & 0x1fffff)) << 40 |
           (u64)phase << 61 | 2ull << 62;
  }
};
void mbar_complete_tx(AsyncOp& op, Block& b, u32 off, u32 bytes);
// Generic-proxy writes that the async proxy may not see yet (race checks): report if [off,
// off+bytes) has any.
void proxy_check(Warp& w, const Instruction& I, int lane, Block& b, u32 off, u32 bytes,
                 const char* what);
}  // namespace vgpu

// One warp: 32 lanes in lockstep, split into groups where control flow diverged.
#pragma once
#include <csetjmp>

#include "tests/vgpu/src/exec/memory.h"
#include "tests/vgpu/src/ptx/ir.h"
namespace vgpu {
struct Block;
struct Thread;
struct Launch;

// Registers and place of one function activation, shared by the lanes that entered it together.
struct Frame {
  u8* regs = nullptr;
  const Code* code = nullptr;
  Frame* parent = nullptr;
  const Instruction* ret = nullptr;  // where the caller goes on
  const CallSite* site = nullptr;
  u32 live = 0;        // lanes that have not returned
  u32 local_base = 0;  // this activation's part of each lane's local memory
  u32 depth = 0;
  u32 bytes = 0;
};

// Lanes of a warp with a common program counter and frame.
struct Group {
  enum State : u8 { Ready, Sync, Bar, Wait };  // Wait: parked, see exec/cluster.h
  Frame* frame;
  const Instruction* ip;
  u32 mask;
  State state;
  u8 bar;
  u32 sync_mask;
  u64 stamp;
};

// Per instruction and worker thread: how often it ran.
struct Count {
  u64 warps = 0, lanes = 0;
};

// Per memory instruction and worker thread: the last access pattern seen (patterns repeat, so what
// was worked out for one - span, sectors, bank conflicts - is kept), the last allocation hit, and
// counters.
struct alignas(64) Memo {
  s64 rel64[32];  // lane address - first lane's address
  s32 rel[32];
  s32 win[32];                 // Access::Window: word number of each lane in the window
  u32 win_words = 0;           // words of the window that are needed
  u32 mask = 0;                // lanes; 0: nothing cached
  u32 mod = 0;                 // first lane's address modulo 32
  s32 lo_off = 0, hi_off = 0;  // span relative to the first lane's address
  u16 sectors = 0, waves = 0, ideal = 0;
  u8 kind = 0;   // see Access::Kind
  u8 space = 0;  // 1 global, 2 shared: which the pattern's costs were worked out for
  u8 bytes = 0, lanes = 0;
  bool aligned = false;
  u32 epoch = 0;
  u64 lo = 0, hi = 0;  // last allocation hit, valid in `epoch`
  u64 last = 0;        // first lane's address last time, to prefetch strided loops
  u64 hits = 0;        // accesses with this pattern not yet added to the counters
  // Counters: global requests, 32-byte sectors and bytes asked for; shared requests, wavefronts,
  // least possible wavefronts, bytes.
  u64 g_req = 0, g_sectors = 0, g_bytes = 0, s_req = 0, s_waves = 0, s_ideal = 0, s_bytes = 0;
  void flush() {
    if (space == 1) {
      g_req += hits;
      g_sectors += hits * sectors;
      g_bytes += hits * bytes * lanes;
    } else {
      s_req += hits;
      s_waves += hits * waves;
      s_ideal += hits * ideal;
      s_bytes += hits * bytes * lanes;
    }
    hits = 0;
  }
};

struct Warp {
  // -- hot state of the running group --
  u8* base[2];  // register block; constant pool - 1 (see ir.h)
  const Instruction* ip = nullptr;
  const Instruction* stop_at =
      nullptr;  // the run loop leaves its fast path on reaching this instruction
  u32 active = 0;
  u32 cc = 0;    // carry flag of each lane
  s32 fuel = 0;  // backward branches (and weighted spin operations) until this warp yields
  Frame* frame = nullptr;
  const Code* code = nullptr;
  Count* counts = nullptr;
  Memo* memo = nullptr;
  u8* shared = nullptr;
  u32 shared_size = 0;
  u8* params = nullptr;
  u32 epoch = 0;  // of the allocation table, when the launch began
  // -- the rest --
  Block* blk = nullptr;
  Thread* th = nullptr;
  Launch* launch = nullptr;
  u32 id = 0;
  u32 lanes = 0, exited = 0;  // lanes that exist; lanes that ended
  u32 burned = 0;             // fuel spent by them
  u32 spin_ops = 0;           // volatile loads, atomics, nanosleeps in this turn
  u32 turns = 0;
  bool rotate = false;  // rotate: the next turn goes to the group that waited longest
  bool sticky = false;  // ... and it keeps the turn across branches
  bool force = false;   // leave the fast path now
  u64 stamp = 0;
  u8* local = nullptr;
  u32 local_stride = 0;
  Frame root;
  std::vector<Group> groups;  // the groups other than the running one
  void* ext = nullptr;        // second wave: cp.async queues and the like
  alignas(64) u32 tid[3][32];

  template <class T>
  VGPU_INLINE T* R(u32 ref) const {
    return (T*)(base[ref & 1] + ref);
  }
  VGPU_INLINE u32& P(u32 ref) const { return *(u32*)(base[ref & 1] + ref); }
  VGPU_INLINE void setP(u32 ref, u32 mask, u32 v) const {
    u32& p = P(ref);
    p = (p & ~mask) | (v & mask);
  }
  const u32* ops(const Instruction& I) const { return code->ops.data() + I.aux; }

  bool done() const { return exited == lanes; }
  bool runnable() const;
  // Runs until every lane waits or ended, or the fuel is spent. True if it executed anything.
  bool run();

  // For handlers that change control flow:
  void request_resched() {
    force = true;
    stop_at = ip;
  }
  void after_jump() {
    if (VGPU_UNLIKELY(!groups.empty()) && !sticky) request_resched();
  }
  void burn(u32 n) {
    spin_ops++;
    burned += n;
    if ((fuel -= (s32)n) <= 0) request_resched();
  }  // may be a spin
  void split(const Instruction* at,
             u32 mask);  // `mask` lanes of the running group continue at `at`
  void exit_lanes(u32 mask);
  void call(const Instruction& I, const CallSite& cs, u32 callee, u32 mask);
  void ret_lanes(u32 mask);
  // True if all lanes of `members` are here; else the running group waits and the handler must
  // return at once.
  bool converge(const Instruction& I, u32 members);
  // `mask` lanes of the running group wait until somebody makes them ready; they execute `I` again
  // then.
  void park(const Instruction& I, u32 mask, u8 kind, u32 key);
  void load_frame(Frame* f);
  [[noreturn]] void fault(int err, const Instruction& I, int lane, const std::string& what) const;
  std::string state_dump() const;
  u32 lane_of(int lane, int dim) const { return tid[dim][lane]; }

 private:
  bool slow();
  void save_current(Group::State st);
  bool pick();
};
}  // namespace vgpu

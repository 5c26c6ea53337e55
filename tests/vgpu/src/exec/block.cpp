#include "tests/vgpu/src/exec/block.h"

#include <sys/mman.h>

#include "tests/vgpu/src/exec/cluster.h"
#include "tests/vgpu/src/exec/ext.h"
#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/exec/race.h"
#include "tests/vgpu/src/exec/schedule.h"
namespace vgpu {

static void* map_lazy(size_t n) {
  void* p =
      mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) throw Fault(2, "vgpu: out of host memory for block state");
  return p;
}

Block::~Block() {
  delete hop;
  ext_free(*this);
  if (arena) munmap(arena, arena_bytes);
  if (local) munmap(local, local_bytes);
  free(shared);
}

void Block::start(Launch* l, Thread* t, u64 lin) {
  launch = l;
  th = t;
  linear = lin;
  ctaid[0] = (u32)(lin % l->grid.x);
  ctaid[1] = (u32)(lin / l->grid.x % l->grid.y);
  ctaid[2] = (u32)(lin / l->grid.x / l->grid.y);
  const Code* k = l->prog->codes[0].get();
  u32 nthreads = (u32)l->block.count();
  nwarps = (nthreads + 31) / 32;
  size_t fb = (k->frame_bytes + 63) / 64 * 64;
  size_t stride = (fb + 4095) / 4096 * 4096 + 192;  // offset warps against cache-set conflicts
  stride = (stride + 63) / 64 * 64;
  if (arena_bytes < stride * nwarps) {
    if (arena) munmap(arena, arena_bytes);
    arena_bytes = stride * nwarps;
    arena = (u8*)map_lazy(arena_bytes);
  }
  size_t lb = (size_t)l->prog->local_per_lane * 32 * nwarps;
  if (local_bytes < lb) {
    if (local) munmap(local, local_bytes);
    local_bytes = lb;
    local = (u8*)map_lazy(lb);
  }
  if (!shared || shared_size < l->shared_total) {
    free(shared);
    shared = (u8*)aligned_alloc(1024, (l->shared_total + 1024 + 1023) / 1024 * 1024);
  }
  shared_size = l->shared_total;
  static const int poison = (int)environment_number(
      "VGPU_POISON_SHARED",
      environment_number("VGPU_CHECK", 1) ? 0xff : -1);  // NaNs: reading what nobody wrote shows
  if (poison >= 0) memset(shared, poison, shared_size);
  while (warps.size() < nwarps) warps.emplace_back();
  live_warps = nwarps;
  passes = 0;
  spin_passes = 0;
  cluster = nullptr;
  rank = 0;
  parked = false;
  if (hop) hop_start(*this);
  for (auto& b : bars) {
    b.lanes.assign(nwarps, 0);
    b.counted.assign(nwarps, 0);
    b.warps = b.expect = 0;
    b.used = false;
    b.red_and = ~0u;
    b.red_or = b.red_pop = 0;
  }
  for (u32 i = 0; i < nwarps; i++) {
    Warp& w = warps[i];
    w.blk = this;
    w.th = t;
    w.launch = l;
    w.id = i;
    u32 n = std::min(32u, nthreads - i * 32);
    w.lanes = n == 32 ? ~0u : (1u << n) - 1;
    w.exited = 0;
    w.cc = 0;
    w.groups.clear();
    w.rotate = false;
    w.turns = 0;
    w.stamp = 0;
    w.shared = shared;
    w.shared_size = shared_size;
    w.params = l->params;
    w.epoch = l->epoch;
    w.local_stride = l->prog->local_per_lane;
    w.local = local + (size_t)i * 32 * w.local_stride;
    w.root = Frame{};
    w.root.regs = arena + stride * i;
    w.root.code = k;
    w.root.live = w.lanes;
    *(u32*)w.root.regs = ~0u;
    w.code = nullptr;
    w.load_frame(&w.root);
    ext_reset(w);
    w.ip = k->code.data();
    w.active = w.lanes;
    w.stop_at = nullptr;
    u32 t0 = i * 32, x = t0 % l->block.x, y = t0 / l->block.x % l->block.y,
        z = t0 / l->block.x / l->block.y;
    for (u32 j = 0; j < 32; j++) {
      w.tid[0][j] = x;
      w.tid[1][j] = y;
      w.tid[2][j] = z;
      if (++x == l->block.x) {
        x = 0;
        if (++y == l->block.y) {
          y = 0;
          z++;
        }
      }
    }
  }
  if (VGPU_UNLIKELY(race_on)) race_start(*this);
}

Block::Status Block::run() {
  const bool shuffle = schedule().random;
  for (;;) {
    bool ran = false, spun_only = true;
    if (VGPU_UNLIKELY(parked)) hop_service(*this);
    const u64 order = shuffle ? mix(schedule().seed ^ linear << 24 ^ passes) : 0;
    for (u32 i = 0; i < nwarps; i++) {
      Warp& w = warps[shuffle ? permuted(i, nwarps, order) : i];
      if (w.done() || !w.runnable()) continue;
      ran = true;
      w.run();
      if (!w.spin_ops || w.done()) spun_only = false;
      if (launch->failed.load(std::memory_order_relaxed)) return Done;
    }
    passes++;
    if (!live_warps) {
      if (hop || cluster) hop_finish(*this);
      return Done;
    }
    if (!ran) {
      std::string why;
      Idle r = parked ? hop_idle(*this, why) : Idle::Stuck;
      if (r == Idle::Stuck) stuck(why);
      if (r == Idle::Yield) return Spinning;
      if (launch->deadline_ns && now_ns() > launch->deadline_ns)
        throw Fault(ERR_LAUNCH_TIMEOUT, format_text("kernel %s ran out of time (VGPU_TIMEOUT)\n",
                                                    launch->name.c_str()) +
                                            state_dump());
      continue;
    }
    if (cluster) hop_ran(*this);
    if (launch->deadline_ns && (passes & 63) == 0 && now_ns() > launch->deadline_ns)
      throw Fault(ERR_LAUNCH_TIMEOUT,
                  format_text("kernel %s ran out of time (VGPU_TIMEOUT)\n", launch->name.c_str()) +
                      state_dump());
    if (spun_only) {
      if (++spin_passes >= 4) {
        spin_passes = 0;
        return Spinning;
      }
    } else
      spin_passes = 0;
  }
}

void Block::arrive(Warp& w, u32 id, u32 mask) {
  Barrier& b = bars[id];
  b.lanes[w.id] |= mask;
  if (!b.counted[w.id] && ((b.lanes[w.id] | w.exited) & w.lanes) == w.lanes) {
    b.counted[w.id] = 1;
    b.warps++;
  }
}

void Block::barrier(Warp& w, const Instruction& I, u32 id, u32 nthreads, int mode, u32 mask,
                    u32 pred) {
  Barrier& b = bars[id];
  if (nthreads & 31)
    w.fault(ERR_LAUNCH_FAILURE, I, __builtin_ctz(mask),
            format_text("barrier %u: thread count %u is not a multiple of the warp size", id,
                        nthreads));
  u32 expect = nthreads / 32;
  if (b.used && b.expect != expect)
    w.fault(
        ERR_LAUNCH_FAILURE, I, __builtin_ctz(mask),
        format_text("barrier %u: thread counts differ (%u and %u)", id, b.expect * 32, nthreads));
  if (b.lanes[w.id] & mask)
    w.fault(
        ERR_LAUNCH_FAILURE, I, __builtin_ctz(mask),
        format_text("barrier %u: a thread arrives a second time before the barrier completed", id));
  b.used = true;
  b.expect = expect;
  if (launch->check && I.y)  // .aligned: all threads of a warp must be at the same instruction
    for (auto& g : w.groups)
      if (g.state == Group::Bar && g.bar == id && g.ip != &I)
        w.fault(
            ERR_LAUNCH_FAILURE, I, __builtin_ctz(mask),
            format_text("divergent barrier %u: lanes %08x of the warp wait at another bar.sync, %s",
                        id, g.mask, g.frame->code->where(g.ip).c_str()));
  if (mode >= 2) {
    b.red_pop += (u32)__builtin_popcount(pred & mask);
    if (mask & ~pred) b.red_and = 0;
    if (pred & mask) b.red_or = ~0u;
  }
  if (mode != 1) {
    if (mask != w.active) {
      Group rest{w.frame, w.ip, w.active & ~mask, Group::Ready, 0, 0, w.stamp};
      w.groups.push_back(rest);
      w.active = mask;
    }
    w.groups.push_back({w.frame, &I, mask, Group::Bar, (u8)id, 0, w.stamp});
    w.active = 0;
    w.request_resched();
  }
  if (VGPU_UNLIKELY(race_on)) race_arrive(*this, w, id);
  arrive(w, id, mask);
  check(id);
}

void Block::check(u32 id) {
  Barrier& b = bars[id];
  if (!b.used) return;
  if (b.expect) {
    if (b.warps < b.expect) return;
  } else {
    for (u32 i = 0; i < nwarps; i++)
      if (!b.counted[i] && !warps[i].done()) return;
  }
  for (u32 i = 0; i < nwarps; i++) {
    Warp& w = warps[i];
    for (auto& g : w.groups)
      if (g.state == Group::Bar && g.bar == id) {
        const Instruction& I = *g.ip;
        // I.x: 2 red.popc, 3 red.and, 4 red.or (see isa/barrier.cpp)
        u8* regs = g.frame->regs;
        if (I.x == 2) {
          u32* d = (u32*)(regs + I.dst);
          for (u32 m = g.mask; m; m &= m - 1) d[__builtin_ctz(m)] = b.red_pop;
        } else if (I.x >= 3) {
          u32& p = *(u32*)(regs + I.dst);
          u32 v = I.x == 3 ? b.red_and : b.red_or;
          p = (p & ~g.mask) | (v & g.mask);
        }
        g.state = Group::Ready;
        g.ip++;
        if (VGPU_UNLIKELY(race_on)) race_depart(*this, w, id);
      }
  }
  if (VGPU_UNLIKELY(race_on)) race_reset(*this, id);
  std::fill(b.lanes.begin(), b.lanes.end(), 0);
  std::fill(b.counted.begin(), b.counted.end(), 0);
  b.warps = 0;
  b.used = false;
  b.red_and = ~0u;
  b.red_or = b.red_pop = 0;
}

void Block::lanes_exited(Warp& w) {
  if (w.done()) live_warps--;
  if (hop || cluster) hop_warp_exit(*this, w);
  for (u32 id = 0; id < 16; id++) {
    Barrier& b = bars[id];
    if (!b.used) continue;
    if (b.lanes[w.id]) arrive(w, id, 0);
    check(id);
  }
}

void Block::stuck(const std::string& more) {
  std::string why = format_text("deadlock in kernel %s, block (%u,%u,%u): no thread can go on",
                                launch->name.c_str(), ctaid[0], ctaid[1], ctaid[2]);
  for (u32 id = 0; id < 16; id++) {
    Barrier& b = bars[id];
    if (!b.used) continue;
    u32 threads = 0, partial = 0;
    for (u32 i = 0; i < nwarps; i++) {
      threads += (u32)__builtin_popcount(b.lanes[i]);
      if (b.lanes[i] && !b.counted[i]) partial++;
    }
    why += format_text(
        "\n  barrier %u: %u threads arrived, %s expected%s", id, threads,
        b.expect ? format_text("%u", b.expect * 32).c_str() : "all live threads",
        partial
            ? format_text("; %u warps are there only in part (barrier in divergent code?)", partial)
                  .c_str()
            : "");
  }
  throw Fault(ERR_LAUNCH_FAILURE, why + more + "\n" + state_dump());
}

std::string Block::state_dump() const {
  std::string s;
  u32 shown = 0;
  for (u32 i = 0; i < nwarps; i++) {
    if (warps[i].done()) continue;
    if (shown++ == 8) {
      s += "  ...\n";
      break;
    }
    s += warps[i].state_dump() + "\n";
  }
  if (!s.empty()) s.pop_back();
  return s;
}
}  // namespace vgpu

#include "tests/vgpu/src/exec/cluster.h"

#include <mutex>

#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/exec/race.h"
namespace vgpu {
bool race_checks() {
  static const bool on = environment_number("VGPU_RACE", 0) != 0;
  return on;
}

HopperState& hop_of(Block& b) {
  if (!b.hop) {
    b.hop = new HopperState;
    hop_start(b);
  }
  return *b.hop;
}
Cluster& cluster_of(Block& b) {
  if (b.cluster) return *b.cluster;
  HopperState& h = hop_of(b);
  h.own = std::make_unique<Cluster>();
  h.own->blocks.push_back(&b);
  b.cluster = h.own.get();
  b.rank = 0;
  return *h.own;
}
void hop_start(Block& b) {
  HopperState& h = *b.hop;
  h.warps.clear();
  h.warps.resize(b.nwarps);
  h.wgmma.reset();
  h.proxy.reset();
  h.own.reset();
}
// Blocks of a cluster are neighbours in the grid, along every dimension.
u64 cluster_block(const Launch& l, u64 c, u32 r) {
  const Dim3 &g = l.grid, &d = l.cluster;
  u64 nx = g.x / d.x, ny = g.y / d.y;
  u64 x = c % nx * d.x + r % d.x, y = c / nx % ny * d.y + r / d.x % d.y,
      z = c / nx / ny * d.z + r / d.x / d.y;
  return x + g.x * (y + g.y * z);
}

void wake(Block& b, u8 kind) {
  for (u32 i = 0; i < b.nwarps; i++)
    for (auto& g : b.warps[i].groups)
      if (g.state == Group::Wait && g.bar == kind) g.state = Group::Ready;
}

void land_for(Block& b, u32 off) {
  Cluster& c = cluster_of(b);
  for (size_t i = 0; i < c.pending.size();) {
    AsyncOp& o = *c.pending[i];
    if (o.bar_blk != &b || o.bar_off != off) {
      i++;
      continue;
    }
    auto op = std::move(c.pending[i]);
    c.pending.erase(c.pending.begin() + (long)i);
    if (op->dst_blk && !op->dst_blk->live_warps)
      op->w->fault(ERR_ILLEGAL_ADDRESS, *op->I, op->lane,
                   "asynchronous copy into the shared memory of a block that has ended");
    op->land();
    mbar_complete_tx(*op, b, off, op->tx);
  }
}

void hop_service(Block& b) {
  bool any = false;
  for (u32 i = 0; i < b.nwarps; i++) {
    Warp& w = b.warps[i];
    for (size_t k = 0; k < w.groups.size(); k++) {
      if (w.groups[k].state != Group::Wait) continue;
      any = true;
      if (w.groups[k].bar != kWaitMbar) continue;
      if (b.cluster && !b.cluster->pending.empty()) land_for(b, w.groups[k].sync_mask);
      Group& g = w.groups[k];
      if (g.state == Group::Wait && b.passes - b.hop->warps[i].park_pass > 4096) {
        g.state = Group::Ready;
        b.hop->warps[i].expired |= g.mask;
      }  // the time limit of try_wait
    }
  }
  b.parked = any;
}

void hop_ran(Block& b) { b.cluster->idle = 0; }

Idle hop_idle(Block& b, std::string& why) {
  bool wait = false;
  for (u32 i = 0; i < b.nwarps; i++)
    for (auto& g : b.warps[i].groups) {
      if (g.state == Group::Ready) return Idle::Retry;
      wait |= g.state == Group::Wait;
    }
  if (!wait) return Idle::Stuck;
  Cluster& c = cluster_of(b);
  c.idle |= 1u << b.rank;
  u32 alive = 0;
  for (auto* x : c.blocks)
    if (x->live_warps) alive |= 1u << x->rank;
  if ((c.idle & alive) != alive) return Idle::Yield;
  // Nothing in the cluster can run and nothing is in flight that anybody waits for. Let try_wait
  // give up: the program may have something else to do. If that changes nothing for long, it is a
  // deadlock.
  if (c.seen != c.progress || !c.since) {
    c.seen = c.progress;
    c.since = now_ns();
    c.rounds = 0;
  }
  bool any = false;
  for (auto* x : c.blocks)
    if (x->live_warps)
      for (u32 i = 0; i < x->nwarps; i++)
        for (auto& g : x->warps[i].groups) any |= g.state == Group::Wait && g.bar == kWaitMbar;
  static const u64 patience = (u64)(atof(environment_text("VGPU_DEADLOCK", "2")) * 1e9);
  if (!any || (++c.rounds > 1000 && now_ns() - c.since > patience)) {
    for (auto* x : c.blocks) {
      if (!x->live_warps) continue;
      std::vector<u32> seen;
      for (u32 i = 0; i < x->nwarps; i++)
        for (auto& g : x->warps[i].groups) {
          if (g.state != Group::Wait || g.bar != kWaitMbar) continue;
          bool dup = false;
          for (u32 s : seen) dup |= s == g.sync_mask;
          if (dup || g.sync_mask + 8 > x->shared_size) continue;
          seen.push_back(g.sync_mask);
          MBar m = MBar::load(*(u64*)(x->shared + g.sync_mask));
          why += format_text(
              "\n  block (%u,%u,%u), mbarrier at 0x%x: phase parity %u, %u of %u arrivals pending, "
              "transaction count %d%s",
              x->ctaid[0], x->ctaid[1], x->ctaid[2], g.sync_mask, m.phase, m.pending, m.expected,
              m.tx,
              m.tx ? " bytes (a copy was not issued, or is smaller than expect_tx says)" : "");
        }
      for (u32 i = 0; i < x->nwarps; i++)
        for (auto& g : x->warps[i].groups)
          if (g.state == Group::Wait && g.bar == kWaitCluster) {
            why += format_text("\n  block (%u,%u,%u) waits at barrier.cluster", x->ctaid[0],
                               x->ctaid[1], x->ctaid[2]);
            i = x->nwarps;
            break;
          }
      if (x != &b) {
        std::string d = x->state_dump();
        why += format_text("\n block (%u,%u,%u):\n", x->ctaid[0], x->ctaid[1], x->ctaid[2]) +
               d.substr(0, 600);
      }
    }
    return Idle::Stuck;
  }
  for (auto* x : c.blocks)
    if (x->live_warps && x->hop)
      for (u32 i = 0; i < x->nwarps; i++)
        for (auto& g : x->warps[i].groups)
          if (g.state == Group::Wait && g.bar == kWaitMbar) {
            g.state = Group::Ready;
            x->hop->warps[i].expired |= g.mask;
          }
  c.idle = 0;
  return Idle::Retry;
}

static void warn_once(Block& b, const AsyncOp* op, const char* what) {
  std::string m = format_text("kernel %s, block (%u,%u,%u): %s", b.launch->name.c_str(), b.ctaid[0],
                              b.ctaid[1], b.ctaid[2], what);
  if (op) m += "\n  at " + op->w->code->where(op->I);
  if (race_checks()) throw Fault(ERR_LAUNCH_FAILURE, m);
  static std::string last;
  static std::mutex mu;
  std::lock_guard l(mu);
  if (last != b.launch->name + what) {
    last = b.launch->name + what;
    log_line(m);
  }
}

void cluster_check(Cluster& c) {
  for (auto* b : c.blocks) {
    if (!b->live_warps) continue;
    if (!b->hop) return;
    for (u32 i = 0; i < b->nwarps; i++) {
      Warp& w = b->warps[i];
      if (((b->hop->warps[i].arrived | w.exited) & w.lanes) != w.lanes) return;
    }
  }
  c.phase++;
  c.progress++;
  c.idle = 0;
  for (auto* b : c.blocks) {
    if (!b->hop) continue;
    for (auto& h : b->hop->warps) h.arrived = 0;
    if (VGPU_UNLIKELY(race_on)) race_phase(*b, kRaceCluster);
    if (b->live_warps) wake(*b, kWaitCluster);
  }
}

void hop_warp_exit(Block& b, Warp& w) {
  if (b.cluster) {
    b.cluster->progress++;
    cluster_check(*b.cluster);
  }
  if (w.done()) wake(b, kWaitWgmma);
}

void hop_finish(Block& b) {
  if (b.hop)
    for (auto& h : b.hop->warps)
      for (auto& g : h.bulk) {
        if (!g) continue;
        auto one = [&](std::unique_ptr<AsyncOp>& o, bool committed) {
          if (!o) return;
          if (o->unread)
            warn_once(b, o.get(),
                      committed ? "the block ended before the shared memory of a bulk store was "
                                  "read (cp.async.bulk.wait_group.read is missing)"
                                : "the block ended with a bulk store that was not committed to a "
                                  "group and waited for");
          o->land();
        };
        for (auto& grp : g->closed)
          for (auto& o : grp) one(o, true);
        for (auto& o : g->open) one(o, false);
        g.reset();
      }
  if (Cluster* c = b.cluster)
    for (size_t i = 0; i < c->pending.size();) {
      AsyncOp& o = *c->pending[i];
      if (o.bar_blk != &b && o.dst_blk != &b && o.from != &b) {
        i++;
        continue;
      }
      if (o.bar_blk != &b && o.from == &b && o.dst_blk != &b) {
        i++;
        continue;
      }  // lands elsewhere, later
      warn_once(b, &o,
                "the block ended while an asynchronous copy into its shared memory was in flight "
                "(nobody waited for its mbarrier)");
      c->pending.erase(c->pending.begin() + (long)i);
    }
}
}  // namespace vgpu

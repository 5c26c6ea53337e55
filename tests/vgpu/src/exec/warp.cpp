#include "tests/vgpu/src/exec/warp.h"

#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/exec/schedule.h"
namespace vgpu {

void Warp::load_frame(Frame* f) {
  frame = f;
  if (code != f->code) {
    code = f->code;
    auto& pc = th->of(code);
    counts = pc.counts.data();
    memo = pc.memo.data();
  }
  base[0] = f->regs;
  base[1] = code->pool - 1;
}

bool Warp::runnable() const {
  if (active) return true;
  for (auto& g : groups)
    if (g.state == Group::Ready) return true;
  return false;
}

// Backward branches per turn: few enough that neighbouring warps stay close in memory.
static constexpr s32 kFuel = 128;

bool Warp::run() {
  fuel = kFuel;
  spin_ops = 0;
  burned = 0;
  force = false;
  stop_at = nullptr;
  sticky = rotate;
  stamp++;
  turns++;
  if (VGPU_UNLIKELY(schedule().random))
    fuel = 1 + (s32)(mix(schedule().seed ^ blk->linear << 32 ^ (u64)id << 24 ^ stamp) % kFuel);
  if (!active) {
    if (!pick()) return false;
  } else if (!groups.empty()) {
    save_current(Group::Ready);
    if (!pick()) return false;
  }
  for (;;) {
    const Instruction* I = ip;
    if (VGPU_UNLIKELY(I == stop_at)) {
      if (!slow()) return true;
      continue;
    }
    ip = I + 1;
    const u32 m = active & (*(const u32*)(base[0] + I->guard) ^ I->gxor);
    Count& c = counts[I - code->code.data()];
    c.warps++;
    c.lanes += (u32)__builtin_popcount(m);
    if (VGPU_LIKELY(m != 0)) I->fn(*this, *I, m);
  }
}

void Warp::save_current(Group::State st) {
  if (active) groups.push_back({frame, ip, active, st, 0, 0, stamp});
  active = 0;
}

// Reached stop_at: either somebody asked to reschedule, or another group waits at this instruction.
bool Warp::slow() {
  bool tired = fuel <= 0;
  force = false;
  stop_at = nullptr;
  if (launch->failed.load(std::memory_order_relaxed)) {
    save_current(Group::Ready);
    return false;
  }
  if (tired) {
    // Let other warps in; and other groups of this warp, lest one of them is what this one spins
    // on.
    rotate = burned > kFuel / 2 || (turns & 255) == 0;
    save_current(Group::Ready);
    return false;
  }
  if (groups.empty() && active) return true;
  save_current(Group::Ready);
  return pick();
}

// Merges groups that met, then picks the deepest call, lowest address first (so that lanes
// reconverge).
bool Warp::pick() {
  for (size_t i = 0; i < groups.size(); i++)
    for (size_t j = i + 1; j < groups.size();) {
      Group &a = groups[i], &b = groups[j];
      if (a.frame == b.frame && a.ip == b.ip && a.state != Group::Bar && b.state != Group::Bar) {
        a.mask |= b.mask;
        a.state = Group::Ready;
        a.stamp = std::min(a.stamp, b.stamp);
        groups[j] = groups.back();
        groups.pop_back();
      } else
        j++;
    }
  int best = -1;
  for (size_t i = 0; i < groups.size(); i++) {
    Group& g = groups[i];
    if (g.state != Group::Ready) continue;
    if (best < 0) {
      best = (int)i;
      continue;
    }
    Group& b = groups[best];
    bool better;
    if (rotate)
      better = g.stamp < b.stamp;
    else if (g.frame->depth != b.frame->depth)
      better = g.frame->depth > b.frame->depth;
    else
      better = g.ip < b.ip;
    if (better) best = (int)i;
  }
  rotate = false;
  if (best < 0) {
    // A warp barrier may be executed at different places by different lanes: release it if all are
    // there.
    for (auto& g : groups) {
      if (g.state != Group::Sync || g.ip->x != 1) continue;  // x == 1: bar.warp.sync
      u32 got = 0;
      for (auto& h : groups)
        if (h.state == Group::Sync && h.ip->x == 1 && h.ip->klass == InstructionClass::Barrier &&
            h.sync_mask == g.sync_mask)
          got |= h.mask;
      if (g.ip->klass == InstructionClass::Barrier && (g.sync_mask & ~exited & ~got) == 0) {
        u32 sm = g.sync_mask;
        for (auto& h : groups)
          if (h.state == Group::Sync && h.ip->x == 1 && h.ip->klass == InstructionClass::Barrier &&
              h.sync_mask == sm) {
            h.state = Group::Ready;
            h.ip++;
          }
        return pick();
      }
    }
    return false;
  }
  Group g = groups[best];
  groups[best] = groups.back();
  groups.pop_back();
  load_frame(g.frame);
  ip = g.ip;
  active = g.mask;
  // Stop where the nearest other group of this frame waits ahead.
  stop_at = nullptr;
  for (auto& o : groups)
    if (o.frame == frame && o.state != Group::Bar && o.ip > ip && (!stop_at || o.ip < stop_at))
      stop_at = o.ip;
  return true;
}

void Warp::split(const Instruction* at, u32 mask) {
  th->divergent++;
  groups.push_back({frame, at, mask, Group::Ready, 0, 0, stamp});
  active &= ~mask;
  request_resched();
}

static void drop_frame(Warp& w, Frame* f) {
  if (f == &w.root) return;
  w.th->frame_free(f->regs, f->bytes);
  delete f;
}

void Warp::exit_lanes(u32 mask) {
  exited |= mask;
  // Leave every activation on the stack.
  for (Frame* f = frame; f;) {
    Frame* p = f->parent;
    f->live &= ~mask;
    if (!f->live && f != &root) drop_frame(*this, f);
    f = p;
  }
  active &= ~mask;
  for (auto& g : groups)
    if (g.state == Group::Sync) g.state = Group::Ready;  // look again: fewer lanes to wait for
  blk->lanes_exited(*this);
  if (!active || !groups.empty()) request_resched();
}

void Warp::call(const Instruction& I, const CallSite& cs, u32 callee, u32 mask) {
  if (mask != active) split(ip, active & ~mask);
  const Code* to = blk->launch->prog->codes[callee].get();
  Frame* f = new Frame;
  f->code = to;
  f->parent = frame;
  f->ret = ip;
  f->site = &cs;
  f->live = mask;
  f->depth = frame->depth + 1;
  f->local_base = (frame->local_base + code->local_bytes + 15) & ~15u;
  f->bytes = to->frame_bytes;
  if (f->local_base + to->local_bytes > local_stride) {
    delete f;
    fault(ERR_HW_STACK, I, __builtin_ctz(mask),
          format_text(
              "stack overflow: call depth %u needs more than %u bytes of local memory per thread",
              frame->depth + 1, local_stride));
  }
  f->regs = th->frame_alloc(f->bytes);
  *(u32*)f->regs = ~0u;
  const Body& b = *to->body;
  size_t nret = to->decl->rets.size();
  for (size_t k = 0; k < cs.args.size(); k++) {
    u32 dst = f->local_base + b.vars[nret + k].offset, src = frame->local_base + cs.args[k].off;
    u32 n = std::min<u32>(cs.args[k].size, (u32)b.vars[nret + k].size);
    for (u32 m = mask; m; m &= m - 1) {
      u8* l = local + (size_t)__builtin_ctz(m) * local_stride;
      memcpy(l + dst, l + src, n);
    }
  }
  load_frame(f);
  ip = to->code.data();
  if (!groups.empty()) request_resched();
}

void Warp::ret_lanes(u32 mask) {
  Frame* f = frame;
  if (!f->parent) {
    exit_lanes(mask);
    return;
  }
  if (mask != active) {  // the other lanes stay in the function
    groups.push_back({frame, ip, active & ~mask, Group::Ready, 0, 0, stamp});
    active = mask;
  }
  const CallSite& cs = *f->site;
  const Body& b = *f->code->body;
  for (size_t k = 0; k < cs.rets.size() && k < f->code->decl->rets.size(); k++) {
    u32 src = f->local_base + b.vars[k].offset, dst = f->parent->local_base + cs.rets[k].off,
        n = std::min<u32>(cs.rets[k].size, (u32)b.vars[k].size);
    for (u32 m = mask; m; m &= m - 1) {
      u8* l = local + (size_t)__builtin_ctz(m) * local_stride;
      memcpy(l + dst, l + src, n);
    }
  }
  f->live &= ~mask;
  Frame* p = f->parent;
  const Instruction* r = f->ret;
  if (!f->live) drop_frame(*this, f);
  load_frame(p);
  ip = r;
  if (!groups.empty()) request_resched();
}

bool Warp::converge(const Instruction& I, u32 members) {
  u32 need = members & lanes & ~exited;
  if (VGPU_LIKELY((need & ~active) == 0)) return true;
  groups.push_back({frame, &I, active, Group::Sync, 0, members, stamp});
  active = 0;
  ip = &I;
  request_resched();
  return false;
}

void Warp::park(const Instruction& I, u32 mask, u8 kind, u32 key) {
  if (mask != active) groups.push_back({frame, ip, active & ~mask, Group::Ready, 0, 0, stamp});
  groups.push_back({frame, &I, mask, Group::Wait, kind, key, stamp});
  Count& c = counts[&I - code->code.data()];  // it will be counted when it succeeds
  c.warps--;
  c.lanes -= (u32)__builtin_popcount(mask);
  active = 0;
  blk->parked = true;
  request_resched();
}

void Warp::fault(int err, const Instruction& I, int lane, const std::string& what) const {
  throw Fault(err, format_text("%s\n  kernel %s, block (%u,%u,%u), thread (%u,%u,%u)\n  at %s",
                               what.c_str(), launch->name.c_str(), blk->ctaid[0], blk->ctaid[1],
                               blk->ctaid[2], tid[0][lane], tid[1][lane], tid[2][lane],
                               code->where(&I).c_str()));
}

std::string Warp::state_dump() const {
  std::string s = format_text("  warp %u: exited %08x", id, exited);
  auto one = [&](const Group& g) {
    const char* st[] = {"ready", "waiting at a warp-level sync", "waiting at barrier", "parked"};
    s += format_text("\n    lanes %08x %s%s  %s", g.mask, st[g.state],
                     g.state == Group::Bar ? format_text(" %u", g.bar).c_str()
                     : g.state == Group::Wait
                         ? (g.bar == 0   ? format_text(" at mbarrier 0x%x", g.sync_mask).c_str()
                            : g.bar == 1 ? " at barrier.cluster"
                                         : " at wgmma.wait_group")
                         : "",
                     g.frame->code->where(g.ip).c_str());
  };
  if (active) one({frame, ip, active, Group::Ready, 0, 0, 0});
  for (auto& g : groups) one(g);
  return s;
}
}  // namespace vgpu

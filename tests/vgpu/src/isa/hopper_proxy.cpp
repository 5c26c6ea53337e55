// VGPU_RACE=1: what ordinary accesses to shared memory (the generic proxy) may not do around
// asynchronous ones.
//  - A word written by an ordinary store reaches the async proxy (TMA, wgmma) only through a
//  fence.proxy.async
//    after it, of the writing thread or of the thread that issues the asynchronous operation.
//  - The destination of a copy in flight must not be read or written, the source of a bulk store
//  not be written.
// The checks run in extra instructions that are only compiled in when they are on.
#include "tests/vgpu/src/exec/race.h"
#include "tests/vgpu/src/isa/hopper.h"
namespace vgpu {
namespace {
struct Shadow {
  std::vector<u64> word, fence;
  u64 clock = 0;
};  // word: (thread + 1) << 52 | clock at the write; fence: clock of the thread's last one
Shadow& shadow(Block& b) {
  HopperState& h = hop_of(b);
  if (!h.proxy) {
    auto s = std::make_shared<Shadow>();
    s->word.resize((b.shared_size + 3) / 4);
    s->fence.resize((size_t)b.nwarps * 32);
    h.proxy = s;
  }
  return *(Shadow*)h.proxy.get();
}
bool overlap(u32 a, u32 n, u32 b, u32 m) { return a < b + m && b < a + n; }

// I.z bytes, I.y space, I.target: 1 writes, 2 reads
void h_probe(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) u64 ad[32];
  lane_addresses(w, I, ad);
  Block& b = *w.blk;
  for_lanes(mask, [&](int i) {
    if ((Space)I.y == Space::Generic && (ad[i] & kWindowMask) != kSharedWindow) return;
    u32 a = (u32)ad[i], off = a & 0xffffff;
    Block* at = &b;
    if (a >> 24) {
      Cluster& c = cluster_of(b);
      if ((a >> 24) > c.blocks.size()) return;
      at = c.blocks[(a >> 24) - 1];
    }
    if (off + (u64)I.z > at->shared_size) return;  // the access itself reports it
    if (b.cluster)
      for (auto& o : b.cluster->pending)
        if (o->dst_blk == at && overlap(off, I.z, o->dst_off, o->dst_bytes))
          w.fault(ERR_LAUNCH_FAILURE, I, i,
                  format_text(
                      "race: an ordinary %s of shared memory at 0x%x, into which an asynchronous "
                      "copy is in flight (its mbarrier was not waited for)\n  issued at %s",
                      I.target & 1 ? "store" : "load", off, o->w->code->where(o->I).c_str()));
    if (!(I.target & 1)) return;
    if (at->hop)
      for (auto& h : at->hop->warps)
        for (auto& g : h.bulk) {
          if (!g) continue;
          auto one = [&](const std::unique_ptr<AsyncOp>& o) {
            if (o && o->unread && overlap(off, I.z, o->src_off, o->src_bytes))
              w.fault(
                  ERR_LAUNCH_FAILURE, I, i,
                  format_text("race: an ordinary store to shared memory at 0x%x, from which a bulk "
                              "copy is in flight (wait_group.read is missing)\n  issued at %s",
                              off, o->w->code->where(o->I).c_str()));
          };
          for (auto& o : g->open) one(o);
          for (auto& grp : g->closed)
            for (auto& o : grp) one(o);
        }
    proxy_wrote(w, i, *at, off, I.z);
  });
}
}  // namespace
void race_probe(Lower& l, const PtxOperand& address, Space sp, u32 bytes, int what) {
  if (!race_checks()) return;
  if (address.kind != PtxOperand::Addr) return;
  l.address(address, sp);
  if (sp != Space::Shared && sp != Space::Generic) {
    Instruction fresh;
    l.I = fresh;
    return;
  }
  l.I.y = (u8)sp;
  l.I.z = (u8)bytes;
  l.I.target = (u32)what;
  l.emit(h_probe, InstructionClass::Other);
}
void proxy_wrote(Warp& w, int lane, Block& b, u32 off, u32 bytes) {
  Shadow& s = shadow(b);
  const u64 tag = &b == w.blk ? (u64)(w.id * 32 + (u32)lane + 1) << 52 | s.clock
                              : 0;  // writers in other blocks are not tracked
  for (u32 k = off / 4; k < (off + bytes + 3) / 4 && k < s.word.size(); k++) s.word[k] = tag;
}
void proxy_clear(Block& b, u32 off, u32 bytes) {
  if (race_on && b.live_warps) race_forget(b, off, bytes);
  if (!b.hop || !b.hop->proxy) return;
  Shadow& s = shadow(b);
  for (u32 k = off / 4; k < (off + bytes + 3) / 4 && k < s.word.size(); k++) s.word[k] = 0;
}
void proxy_fence(Warp& w, u32 mask) {
  Shadow& s = shadow(*w.blk);
  s.clock++;
  for_lanes(mask, [&](int i) { s.fence[w.id * 32 + (u32)i] = s.clock; });
}
void proxy_check(Warp& w, const Instruction& I, int lane, Block& b, u32 off, u32 bytes,
                 const char* what) {
  if (!b.hop || !b.hop->proxy) return;
  Shadow& s = shadow(b);
  const u64 mine = &b == w.blk ? s.fence[w.id * 32 + (u32)lane] : 0;
  for (u32 k = off / 4; k < (off + bytes + 3) / 4 && k < s.word.size(); k++) {
    u64 v = s.word[k];
    if (!v) continue;
    const u64 t = (v >> 52) - 1, when = v & ((1ull << 52) - 1);
    if (when < s.fence[t] || when < mine) continue;
    w.fault(ERR_LAUNCH_FAILURE, I, lane,
            format_text(
                "proxy race: %s shared memory at 0x%x that thread %u of the block wrote with an "
                "ordinary store; there was no fence.proxy.async after it",
                what, k * 4, (u32)t));
  }
}
}  // namespace vgpu

// mbarrier objects in shared memory, and cluster-wide addressing (mapa, barrier.cluster).
#include "tests/vgpu/src/exec/race.h"
#include "tests/vgpu/src/isa/hopper.h"
namespace vgpu {
Smem smem_at(Warp& w, const Instruction& I, int lane, u64 addr, u32 bytes, u32 align, bool generic,
             bool store) {
  if (generic && (addr & kWindowMask) != kSharedWindow)
    w.fault(ERR_INVALID_ADDRESS_SPACE, I, lane,
            format_text("generic address 0x%llx (lane %d) is not in shared memory",
                        (unsigned long long)addr, lane));
  u32 a = (u32)addr, rank = a >> 24, off = a & 0xffffff;
  Block* b = w.blk;
  if (rank) {
    Cluster& c = cluster_of(*b);
    if (rank > c.blocks.size())
      w.fault(ERR_ILLEGAL_ADDRESS, I, lane,
              format_text(
                  "shared::cluster address 0x%x (lane %d): rank %u, but the cluster has %zu blocks",
                  a, lane, rank - 1, c.blocks.size()));
    b = c.blocks[rank - 1];
    if (!b->live_warps)
      w.fault(
          ERR_ILLEGAL_ADDRESS, I, lane,
          format_text("shared::cluster address 0x%x (lane %d): block %u of the cluster has ended",
                      a, lane, rank - 1));
  }
  if (off & (align - 1))
    w.fault(ERR_MISALIGNED, I, lane,
            format_text("misaligned shared memory address 0x%x (lane %d): needs alignment %u", off,
                        lane, align));
  if (off + (u64)bytes > b->shared_size)
    w.fault(
        ERR_ILLEGAL_ADDRESS, I, lane,
        format_text(
            "shared memory %s of %u bytes at offset 0x%x (lane %d) outside the block's %u bytes",
            store ? "store" : "access", bytes, off, lane, b->shared_size));
  return {b, off, b->shared + off};
}

static MBar get(Warp& w, const Instruction& I, int lane, Block& b, u32 off) {
  MBar m = MBar::load(*(u64*)(b.shared + off));
  if (!m.valid)
    w.fault(ERR_LAUNCH_FAILURE, I, lane,
            format_text("mbarrier at shared address 0x%x (lane %d) is not initialised (or was "
                        "overwritten, or invalidated)",
                        off, lane));
  return m;
}
static void put(Block& b, u32 off, MBar m, bool no_complete) {
  bool flip = m.pending == 0 && m.tx == 0 && !no_complete;
  if (flip) {
    m.phase ^= 1;
    m.pending = m.expected;
    if (VGPU_UNLIKELY(race_on)) race_phase(b, off);
  }
  u64 v = m.word();
  memcpy(b.shared + off, &v, 8);
  cluster_of(b).progress++;
  if (flip && b.parked) wake(b, kWaitMbar);
}
void mbar_update(Warp& w, const Instruction& I, int lane, Block& b, u32 off, s64 tx, u32 n,
                 u32 drop, bool no_complete) {
  MBar m = get(w, I, lane, b, off);
  if (n > m.pending)
    w.fault(
        ERR_LAUNCH_FAILURE, I, lane,
        format_text(
            "mbarrier at 0x%x (lane %d): %u arrivals, but only %u of %u are pending in this phase",
            off, lane, n, m.pending, m.expected));
  s64 t = m.tx + tx;
  if (t > 1048575 || t < -1048575)
    w.fault(ERR_LAUNCH_FAILURE, I, lane,
            format_text("mbarrier at 0x%x (lane %d): transaction count %lld out of range", off,
                        lane, (long long)t));
  m.tx = (s32)t;
  m.pending -= n;
  m.expected -= drop;
  if (no_complete && n && !m.pending)
    w.fault(ERR_LAUNCH_FAILURE, I, lane,
            format_text("mbarrier at 0x%x (lane %d): arrive.noComplete would complete the phase",
                        off, lane));
  put(b, off, m, no_complete);
}
void mbar_expect(Warp& w, const Instruction& I, int lane, Block& b, u32 off, u32 tx) {
  mbar_update(w, I, lane, b, off, (s64)tx, 0, 0);
}
void mbar_complete_tx(AsyncOp& op, Block& b, u32 off, u32 bytes) {
  mbar_update(*op.w, *op.I, op.lane, b, off, -(s64)bytes, 0, 0);
}

namespace {
enum { INIT, INVAL, ARRIVE, EXPECT_TX, COMPLETE_TX };
// I.z operation, I.y space, I.b count or bytes, I.c: arrive.expect_tx bytes; I.target bits: 1 drop,
// 2 expect_tx, 4 no_complete, 8 has state
void h_mbar(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) u64 ad[32];
  lane_addresses(w, I, ad);
  const u32* n = w.R<u32>(I.b);
  for_lanes(mask, [&](int i) {
    Smem s = smem_at(w, I, i, ad[i], 8, 8, (Space)I.y, true);
    switch (I.z) {
      case INIT: {
        if (n[i] < 1 || n[i] > 1048575)
          w.fault(ERR_LAUNCH_FAILURE, I, i,
                  format_text("mbarrier.init: count %u out of range", n[i]));
        MBar m{n[i], n[i], 0, 0, true};
        u64 v = m.word();
        memcpy(s.p, &v, 8);
        cluster_of(*s.blk).progress++;
        break;
      }
      case INVAL: {
        get(w, I, i, *s.blk, s.off);
        u64 v = 0x0bad0bad0bad0badull;
        memcpy(s.p, &v, 8);
        break;
      }
      case ARRIVE: {
        u64 old;
        memcpy(&old, s.p, 8);
        u32 cnt = I.target & 2 ? 1 : n[i];
        if (!cnt || cnt > 1048575)
          w.fault(ERR_LAUNCH_FAILURE, I, i,
                  format_text("mbarrier.arrive: count %u out of range", cnt));
        if (I.target & 2) {
          MBar m = get(w, I, i, *s.blk, s.off);
          (void)m;
          mbar_expect(w, I, i, *s.blk, s.off, w.R<u32>(I.c)[i]);
        }
        if (VGPU_UNLIKELY(race_on) && s.blk == w.blk) race_signal(w, s.off);
        mbar_update(w, I, i, *s.blk, s.off, 0, cnt, I.target & 1 ? cnt : 0, I.target & 4);
        if (I.target & 8) w.R<u64>(I.dst)[i] = old;
        break;
      }
      case EXPECT_TX:
        get(w, I, i, *s.blk, s.off);
        mbar_expect(w, I, i, *s.blk, s.off, n[i]);
        break;
      case COMPLETE_TX:
        mbar_update(w, I, i, *s.blk, s.off, -(s64)n[i], 0, 0);
        break;
    }
  });
}
// I.z: 1 try (parks), 2 parity; I.b state or parity, I.dst predicate
void h_mbar_wait(Warp& w, const Instruction& I, u32 mask) {
  alignas(64) u64 ad[32];
  lane_addresses(w, I, ad);
  u32 ok = 0, first_off = ~0u;
  HopWarp& h = hop_of(w);
  const bool expired = h.expired & mask;
  Cluster& c = cluster_of(*w.blk);
  for_lanes(mask, [&](int i) {
    Smem s = smem_at(w, I, i, ad[i], 8, 8, (Space)I.y, false);
    if (s.blk != w.blk)
      w.fault(ERR_LAUNCH_FAILURE, I, i,
              "mbarrier waits are only possible in the block's own shared memory");
    if (!c.pending.empty() && s.off != first_off) land_for(*w.blk, s.off);
    if (first_off == ~0u) first_off = s.off;
    MBar m = get(w, I, i, *s.blk, s.off);
    u32 want = I.z & 2 ? w.R<u32>(I.b)[i] & 1 : MBar::load(w.R<u64>(I.b)[i]).phase;
    ok |= (u32)(m.phase != want) << i;
    if (VGPU_UNLIKELY(race_on) && m.phase != want) race_wait(w, s.off);
  });
  // A test_wait in a polling loop soon waits like try_wait does: within a time limit.
  if (!ok && !expired && ((I.z & 1) || h.fails > 64)) {
    h.park_pass = w.blk->passes;
    w.park(I, mask, kWaitMbar, first_off);
    return;
  }
  h.expired &= ~mask;
  h.fails = ok ? 0 : h.fails + 1;
  w.setP(I.dst, mask, ok);
  if (ok != mask) w.burn(64);
}
void h_mbar_pending(Warp& w, const Instruction& I, u32 mask) {
  const u64* a = w.R<u64>(I.a);
  each<u32>(w.R<u32>(I.dst), mask, [=](int i) { return (u32)a[i] & 0xfffff; });
}
void mbar_address(Lower& l, const PtxOperand& o) {
  Space sp = l.space();
  l.address(o, sp);
  if (sp != Space::Shared && sp != Space::Generic) l.bad("mbarrier objects live in shared memory");
  l.I.y = (u8)sp;
}
void op_mbarrier(Lower& l) {
  if (l.has("pending_count")) {
    l.I.dst = l.dst(0, 4);
    l.I.a = l.src(1, PtxType::B64);
    l.emit(h_mbar_pending, InstructionClass::Barrier);
    return;
  }
  if (l.has("test_wait") || l.has("try_wait")) {
    l.I.dst = l.pred_dst(l.op(0));
    mbar_address(l, l.op(1));
    l.I.z = (l.has("try_wait") ? 1 : 0) | (l.has("parity") ? 2 : 0);
    l.I.b = l.src(2, l.has("parity") ? PtxType::U32 : PtxType::B64);
    if (l.nops() > 3) l.src(3, PtxType::U32);  // suspend-time hint
    l.emit(h_mbar_wait, InstructionClass::Barrier);
    return;
  }
  size_t i = l.op(0).kind == PtxOperand::Addr ? 0 : 1;
  if (l.has("arrive") || l.has("arrive_drop")) {
    l.I.z = ARRIVE;
    u32 flags = (l.has("arrive_drop") ? 1 : 0) | (l.has("expect_tx") ? 2 : 0) |
                (l.has("noComplete") ? 4 : 0);
    if (i == 1 && l.op(0).kind != PtxOperand::Sink) {
      flags |= 8;
      l.I.dst = l.dst(0, 8);
    }
    mbar_address(l, l.op(i));
    l.I.target = flags;
    if (flags & 2)
      l.I.c = l.src(i + 1, PtxType::U32);
    else
      l.I.b = l.nops() > i + 1 ? l.src(i + 1, PtxType::U32) : l.imm32(1);
  } else {
    l.I.z = l.has("init")          ? INIT
            : l.has("inval")       ? INVAL
            : l.has("expect_tx")   ? EXPECT_TX
            : l.has("complete_tx") ? COMPLETE_TX
                                   : 99;
    if (l.I.z == 99) l.bad("unknown mbarrier operation");
    mbar_address(l, l.op(0));
    if (l.I.z != INVAL) l.I.b = l.src(1, PtxType::U32);
  }
  l.emit(h_mbar, InstructionClass::Barrier);
}

// ---- clusters ----
// I.x: 1 generic (64-bit) addresses
template <class T>
void h_mapa(Warp& w, const Instruction& I, u32 mask) {
  const T* a = w.R<T>(I.a);
  const u32* r = w.R<u32>(I.b);
  T* d = w.R<T>(I.dst);
  const u32 n = (u32)w.launch->cluster.count();
  for_lanes(mask, [&](int i) {
    if (r[i] >= n)
      w.fault(ERR_ILLEGAL_ADDRESS, I, i,
              format_text("mapa: rank %u, but the cluster has %u blocks", r[i], n));
    if (I.x && ((u64)a[i] & kWindowMask) != kSharedWindow)
      w.fault(ERR_INVALID_ADDRESS_SPACE, I, i, "mapa: the generic address is not in shared memory");
    d[i] = (T)((I.x ? kSharedWindow : 0) | (u64)(r[i] + 1) << 24 | ((u64)a[i] & 0xffffff));
  });
}
void op_mapa(Lower& l) {
  int bytes = ty_size(l.ty());
  l.I.x = l.space() == Space::None;
  l.I.dst = l.dst(0, bytes);
  // The address may be the name of a shared variable (optionally + offset).
  l.I.a = l.src(1, l.ty());
  l.I.b = l.src(2, PtxType::U32);
  l.emit(bytes == 8 ? h_mapa<u64> : h_mapa<u32>, InstructionClass::Int);
}
template <class T>
void h_getctarank(Warp& w, const Instruction& I, u32 mask) {
  const T* a = w.R<T>(I.a);
  u32* d = w.R<u32>(I.dst);
  u32 own = w.blk->rank;
  for_lanes(mask, [&](int i) {
    u32 r = (u32)((u64)a[i] >> 24) & 0xff;
    d[i] = r ? r - 1 : own;
  });
}
void op_getctarank(Lower& l) {
  int bytes = ty_size(l.ty());
  l.I.dst = l.dst(0, 4);
  l.I.a = l.src(1, l.ty());
  l.emit(bytes == 8 ? h_getctarank<u64> : h_getctarank<u32>, InstructionClass::Int);
}
// barrier.cluster. I.x: 0 arrive, 1 wait
void h_cluster_bar(Warp& w, const Instruction& I, u32 mask) {
  Cluster& c = cluster_of(*w.blk);
  HopWarp& h = hop_of(w);
  if (!I.x) {
    if (h.owes & mask)
      w.fault(ERR_LAUNCH_FAILURE, I, __builtin_ctz(h.owes & mask),
              "barrier.cluster.arrive twice without a wait between");
    if (VGPU_UNLIKELY(race_on)) race_signal(w, kRaceCluster);
    h.arrived |= mask;
    h.owes |= mask;
    h.parity = (h.parity & ~mask) | (c.phase & 1 ? mask : 0);
    cluster_check(c);
    return;
  }
  if (mask & ~h.owes)
    w.fault(ERR_LAUNCH_FAILURE, I, __builtin_ctz(mask & ~h.owes),
            "barrier.cluster.wait without a preceding arrive");
  u32 same = c.phase & 1 ? h.parity : ~h.parity;  // lanes whose phase is still open
  if (same & mask) {
    w.park(I, mask, kWaitCluster, 0);
    return;
  }
  if (VGPU_UNLIKELY(race_on)) race_wait(w, kRaceCluster);
  h.owes &= ~mask;
}
void op_cluster_bar(Lower& l) {
  l.I.x = l.has("wait");
  if (!l.I.x && !l.has("arrive")) l.bad("barrier.cluster form");
  l.emit(h_cluster_bar, InstructionClass::Barrier);
}
void h_setmaxnreg(Warp& w, const Instruction& I, u32) {
  if (!w.converge(I, ~0u)) return;
  w.th->setmaxnreg++;
}
void op_setmaxnreg(Lower& l) {
  u64 n = l.imm_value(l.op(0), PtxType::U32);
  if (n < 24 || n > 256 || n % 8)
    l.bad("setmaxnreg: the count must be a multiple of 8 from 24 to 256");
  if (!l.has("inc") && !l.has("dec")) l.bad("setmaxnreg form");
  l.emit(h_setmaxnreg, InstructionClass::Other);
}
void h_proxy_fence(Warp& w, const Instruction&, u32 mask) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (race_checks()) proxy_fence(w, mask);
}
void h_plain_fence(Warp&, const Instruction&, u32) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void op_fence_proxy(Lower& l) {
  l.emit(l.has("async") || l.has("async::generic") ? h_proxy_fence : h_plain_fence,
         InstructionClass::Other);
}
void op_tensormap(Lower& l) {
  l.bad("tensormap instructions (replace, cp_fenceproxy) are not implemented");
}
}  // namespace
VGPU_OP(mbarrier, op_mbarrier);
VGPU_OP(mapa, op_mapa);
VGPU_OP(getctarank, op_getctarank);
VGPU_OP(setmaxnreg, op_setmaxnreg);
VGPU_OP(tensormap, op_tensormap);
static OpReg reg_cluster_bar("barrier.cluster", op_cluster_bar),
    reg_fence_proxy("fence.proxy", op_fence_proxy);  // cp.async.mbarrier.arrive: async.cpp
}  // namespace vgpu

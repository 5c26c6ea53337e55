// cp.async: copies from global to shared memory that complete when a thread waits for them. They
// are deferred as long as PTX allows: the data arrive at the wait, and until then the destination
// holds 0xff bytes (NaN), so a missing wait shows.
#include "tests/vgpu/src/exec/ext.h"
#include "tests/vgpu/src/isa/hopper.h"
#include "tests/vgpu/src/isa/rows.h"
namespace vgpu {
namespace {
enum { DST32 = 1, SRC_SIZE = 2, IGNORE = 4, NOT_IGNORE = 8, DST_GENERIC = 16 };

void grow(WarpExt& e) {
  std::vector<PendingCopy> r(std::max<size_t>(32, e.ring.size() * 2));
  for (u32 i = e.head; i != e.tail; i++) r[i & (r.size() - 1)] = e.ring[i & (e.ring.size() - 1)];
  e.ring.swap(r);
}
void make_copy(Warp& w, PendingCopy& c, u32 lanes) {
  c.left &= ~lanes;
  if (VGPU_UNLIKELY(race_on)) race_access(w, *c.at, lanes, c.dst, c.size, RaceKind::AsyncDone);
  if (c.size == 16 && (lanes & ~c.full) == 0) {
    for_lanes(lanes, [&](int i) {
      _mm_store_si128((__m128i*)(w.shared + c.dst[i]), _mm_loadu_si128((const __m128i*)c.src[i]));
    });
    return;
  }
  for_lanes(lanes, [&](int i) {
    alignas(16) u8 t[16] = {0};
    if (c.bytes[i]) memcpy(t, (const void*)c.src[i], c.bytes[i]);
    memcpy(w.shared + c.dst[i], t, c.size);
  });
}
// Lanes of `mask` wait until at most `keep` of their committed groups are unfinished; uncommitted:
// their open group too.
void wait(Warp& w, u32 mask, u32 keep, bool uncommitted) {
  if (!w.ext) return;
  WarpExt& e = ext_of(w);
  const u32 n = (u32)e.ring.size() - 1;
  const __m512i k = _mm512_set1_epi32((s32)keep), c0 = _mm512_load_si512(e.committed),
                c1 = _mm512_load_si512(e.committed + 16);
  for (u32 i = e.head; i != e.tail; i++) {
    PendingCopy& c = e.ring[i & n];
    u32 lanes = c.left & mask;
    if (!lanes) continue;
    if (!uncommitted) {
      const u32 done =
          (u32)_mm512_cmplt_epu32_mask(_mm512_add_epi32(_mm512_load_si512(c.group), k), c0) |
          (u32)_mm512_cmplt_epu32_mask(_mm512_add_epi32(_mm512_load_si512(c.group + 16), k), c1)
              << 16;
      if (!(lanes & done) && lanes == mask) break;  // groups only grow from here on
      lanes &= done;
    }
    if (lanes) make_copy(w, c, lanes);
  }
  while (e.head != e.tail && !e.ring[e.head & n].left) e.head++;
}

// cp.async.mbarrier.arrive: the copies that the lanes issued before it, then an arrival for each
// lane; all of it when somebody waits for the mbarrier.
struct CopiesThenArrive : AsyncOp {
  u32 lanes = 0, upto = 0;
  void land() override {
    WarpExt& e = ext_of(*w);
    for (u32 i = e.head; i != upto && (s32)(upto - i) > 0; i++)
      if (PendingCopy& c = e.ring[i & ((u32)e.ring.size() - 1)]; c.left & lanes)
        make_copy(*w, c, c.left & lanes);
    if (VGPU_UNLIKELY(race_on)) race_signal(*w, bar_off);
    mbar_update(*w, *I, lane, *bar_blk, bar_off, 0, (u32)__builtin_popcount(lanes), 0);
  }
};
void h_cp_arrive(Warp& w, const Instruction& I, u32 mask) {  // I.x: 32-bit address, I.z: noinc
  WarpExt& e = ext_of(w);
  alignas(64) u64 ad[32];
  lane_addresses(w, I, ad);
  for (u32 left = mask; left;) {
    const int lane = __builtin_ctz(left);
    u32 same = 0;
    for_lanes(left, [&](int i) { same |= (u32)(ad[i] == ad[lane]) << i; });
    left &= ~same;
    Smem s = smem_at(w, I, lane, ad[lane], 8, 8, (Space)I.y, true);
    if (s.blk != w.blk)
      w.fault(ERR_LAUNCH_FAILURE, I, lane,
              "cp.async.mbarrier.arrive: the mbarrier must be in the block's own shared memory");
    mbar_update(w, I, lane, *s.blk, s.off, 0, 0, 0, true);  // faults if it is no mbarrier
    if (!I.z) {
      MBar m = MBar::load(*(u64*)s.p);
      m.pending += (u32)__builtin_popcount(same);
      const u64 v = m.word();
      memcpy(s.p, &v, 8);
    }
    auto op = std::make_unique<CopiesThenArrive>();
    op->w = &w;
    op->I = &I;
    op->lane = lane;
    op->from = w.blk;
    op->bar_blk = s.blk;
    op->bar_off = s.off;
    op->lanes = same;
    op->upto = e.tail;
    cluster_of(*w.blk).pending.push_back(std::move(op));
  }
}

// I.a + I.imm source, I.b + I.target destination, I.c source size, I.d ignore-src, I.z flags
template <int SIZE>
void h_cp_async(Warp& w, const Instruction& I, u32 mask) {
  WarpExt& e = ext_of(w);
  if (VGPU_UNLIKELY(e.tail - e.head == e.ring.size())) grow(e);
  PendingCopy& c = e.ring[e.tail & (e.ring.size() - 1)];
  shared_offsets(w, I, mask, SIZE, true, w.R<u8>(I.b), I.z & DST32, (s32)I.target,
                 I.z & DST_GENERIC ? Space::Generic : Space::Shared, c.dst);
  u32 reads = mask;  // lanes that read memory
  c.full = mask;
  if (I.z & (SRC_SIZE | IGNORE)) {
    const u32 ign = I.z & IGNORE ? w.P(I.d) ^ (I.z & NOT_IGNORE ? ~0u : 0) : 0;
    const u32* sz = w.R<u32>(I.c);
    c.full = 0;
    reads = 0;
    for_lanes(mask, [&](int i) {
      u32 n = ign >> i & 1 ? 0 : I.z & SRC_SIZE ? sz[i] : SIZE;
      if (VGPU_UNLIKELY(n > SIZE))
        w.fault(
            ERR_ILLEGAL_INSTRUCTION, I, i,
            format_text("cp.async: source size %u is larger than the copy of %d bytes", n, SIZE));
      c.bytes[i] = (u8)n;
      c.full |= (u32)(n == SIZE) << i;
      reads |= (u32)(n != 0) << i;
    });
  } else
    memset(c.bytes, SIZE, 32);
  lane_addresses(w, I, c.src);
  if (reads) {
    Access A;
    if (!resolve_fast<SIZE>(w, I, reads, A)) {
      const u32 part = reads & ~c.full;  // reads less than SIZE bytes: check just those
      if (VGPU_UNLIKELY(part)) {
        for_lanes(part, [&](int i) {
          lane_pointer(w, I, i, c.src[i], Space::Global, c.bytes[i], 1, false);
          if (c.src[i] & (SIZE - 1))
            lane_pointer(w, I, i, c.src[i], Space::Global, SIZE, SIZE, false);
        });
        if (reads & c.full) resolve(w, I, reads & c.full, Space::Global, SIZE, false, A);
      } else
        resolve(w, I, reads, (Space)I.y, SIZE, false, A);
    }
  }
  Memo& m = w.memo[I.mem];
  u32 ideal, n = SIZE == 16 ? waves16(c.dst, mask, ideal) : waves_narrow(c.dst, mask, SIZE, ideal);
  m.s_req++;
  m.s_waves += n;
  m.s_ideal += ideal;
  m.s_bytes += SIZE * (u64)__builtin_popcount(mask);
  memcpy(c.group, e.committed, sizeof c.group);
  c.left = mask;
  c.size = SIZE;
  c.at = &I;
  c.code = w.code;
  e.tail++;
  if (VGPU_UNLIKELY(race_on)) race_access(w, I, mask, c.dst, SIZE, RaceKind::AsyncIssue);
  if (w.launch->check) {
    const __m128i poison = _mm_set1_epi32(-1);
    for_lanes(mask, [&](int i) {
      if (SIZE == 16)
        _mm_store_si128((__m128i*)(w.shared + c.dst[i]), poison);
      else
        memset(w.shared + c.dst[i], 0xff, SIZE);
    });
  }
}
void h_commit(Warp& w, const Instruction&, u32 mask) {
  WarpExt& e = ext_of(w);
  for (int k = 0; k < 2; k++) {
    const __m512i c = _mm512_load_si512(e.committed + 16 * k);
    _mm512_store_si512(e.committed + 16 * k, _mm512_mask_add_epi32(c, (__mmask16)(mask >> (16 * k)),
                                                                   c, _mm512_set1_epi32(1)));
  }
}
void h_wait_group(Warp& w, const Instruction& I, u32 mask) { wait(w, mask, (u32)I.imm, false); }
void h_wait_all(Warp& w, const Instruction&, u32 mask) { wait(w, mask, 0, true); }

void op_cp_async(Lower& l) {
  if (l.has("commit_group")) {
    l.emit(h_commit, InstructionClass::AsyncCopy);
    return;
  }
  if (l.has("wait_group")) {
    l.I.imm = (s64)l.imm_value(l.op(0), PtxType::U32);
    l.emit(h_wait_group, InstructionClass::AsyncCopy);
    return;
  }
  if (l.has("wait_all")) {
    l.emit(h_wait_all, InstructionClass::AsyncCopy);
    return;
  }
  if (!l.has("ca") && !l.has("cg")) l.bad("this form of cp.async is not supported");
  Space ds = Space::Shared, ss = Space::Global;
  l.address(l.op(0), ds);
  l.I.b = l.I.a;
  l.I.target = (u32)(s32)l.I.imm;
  u8 z = l.I.x & 2 ? DST32 : 0;
  l.I.a = 0;
  l.I.imm = 0;
  l.I.x = 0;
  l.address(l.op(1), ss);
  if (ss != Space::Global) l.bad("the source must be in global memory");
  const u64 size = l.imm_value(l.op(2), PtxType::U32);
  for (size_t i = 3; i < l.nops(); i++) {
    const PtxOperand& o = l.op(i);
    if (o.kind == PtxOperand::Reg && l.reg_size(o) == 8) continue;  // cache policy
    if (o.kind == PtxOperand::Reg && l.fb.code.body->regs[o.reg].ty == PtxType::Pred) {
      bool neg;
      l.I.d = l.pred_src(o, neg);
      z |= IGNORE | (neg ? NOT_IGNORE : 0);
    } else {
      l.I.c = l.src(o, PtxType::U32);
      z |= SRC_SIZE;
    }
  }
  if (z & SRC_SIZE && l.is_imm(l.op(3)) && l.imm_value(l.op(3), PtxType::U32) == size)
    z &= ~SRC_SIZE;
  l.I.z = z;
  l.I.y = (u8)ss;
  l.I.mem = l.mem_slot();
  Handler h = size == 4    ? h_cp_async<4>
              : size == 8  ? h_cp_async<8>
              : size == 16 ? h_cp_async<16>
                           : nullptr;
  if (!h || (l.has("cg") && size != 16)) l.bad("size of the copy");
  l.emit(h, InstructionClass::AsyncCopy);
}
void op_cp_arrive(Lower& l) {
  Space sp = l.space();
  l.address(l.op(0), sp);
  if (sp != Space::Shared && sp != Space::Generic) l.bad("mbarrier objects live in shared memory");
  l.I.y = (u8)sp;
  l.I.z = l.has("noinc");
  l.emit(h_cp_arrive, InstructionClass::AsyncCopy);
}
}  // namespace
static OpReg reg_cp_async("cp.async", op_cp_async),
    reg_cp_arrive("cp.async.mbarrier.arrive", op_cp_arrive);  // bulk copies: hopper_bulk.cpp
}  // namespace vgpu

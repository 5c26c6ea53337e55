// cp.async.bulk and its tensor forms (TMA), bulk reductions, st.async and red.async. All of them
// are deferred: see exec/cluster.h.
#include "tests/vgpu/src/isa/hopper_copies.h"
namespace vgpu {
namespace {
// Operand places in the ops list, by position.
enum Form { G2S, S2G, S2S, PREFETCH };
// Contiguous. ops: dst, src, size, mbar, mask; I.x: form, I.y: multicast, I.z reduction + 1, I.imm:
// generic operands (bits), I.target: type
void h_bulk(Warp& w, const Instruction& I, u32 mask) {
  const u32* o = w.ops(I);
  auto addr = [&](int k, int lane) -> u64 {
    u32 r = o[2 * k];
    u64 off = (u64)(s64)*w.R<s32>(o[2 * k + 1]);
    return (I.imm >> k & 1 ? w.R<u64>(r)[lane] : w.R<u32>(r)[lane]) + off;
  };
  auto gen = [&](int k) { return (bool)(I.imm >> (8 + k) & 1); };
  for_lanes(mask, [&](int i) {
    u32 n = w.R<u32>(o[8])[i];
    if (n % 16)
      w.fault(ERR_MISALIGNED, I, i,
              format_text("cp.async.bulk: size %u is not a multiple of 16", n));
    w.th->bulk_ops++;
    if (I.x == PREFETCH) return;
    const u64 d = addr(0, i), s = addr(1, i);
    if (I.x == S2G) {
      if (d % 16)
        w.fault(ERR_MISALIGNED, I, i,
                format_text("cp.async.bulk: global address 0x%llx is not 16-byte aligned",
                            (unsigned long long)d));
      Smem m = smem_at(w, I, i, s, n, 16, gen(1), false);
      GlobalCheck().at(w, I, i, d, n, true);
      auto op = make<StoreBulk>(w, I, i);
      op->dst = d;
      op->blk = m.blk;
      op->off = m.off;
      op->bytes = n;
      op->unread = true;
      op->src_off = m.off;
      op->src_bytes = n;
      op->red = (int)I.z - 1;
      op->ty = (PtxType)I.target;
      enqueue_group(w, i, std::move(op));
      return;
    }
    Smem to = smem_at(w, I, i, d, n, 16, gen(0), true);
    Smem bar = smem_at(w, I, i, addr(2, i), 8, 8, gen(2), true);
    if (I.x == S2S) {
      Smem from = smem_at(w, I, i, s, n, 16, gen(1), false);
      auto op = make<CopyShared>(w, I, i);
      op->dst_blk = to.blk;
      op->dst_off = to.off;
      op->dst_bytes = n;
      op->bar_blk = bar.blk;
      op->bar_off = bar.off;
      op->tx = n;
      op->blk = from.blk;
      op->off = from.off;
      op->red = (int)I.z - 1;
      op->ty = (PtxType)I.target;
      if (bar.blk != to.blk)
        w.fault(ERR_LAUNCH_FAILURE, I, i,
                "cp.async.bulk: the mbarrier must be in the same block's shared memory as the "
                "destination");
      enqueue(w, std::move(op));
      return;
    }
    if (s % 16)
      w.fault(ERR_MISALIGNED, I, i,
              format_text("cp.async.bulk: global address 0x%llx is not 16-byte aligned",
                          (unsigned long long)s));
    GlobalCheck().at(w, I, i, s, n, false);
    u32 to_mask = I.y ? w.R<u16>(o[9])[i] : 0;
    Cluster& c = cluster_of(*w.blk);
    auto one = [&](Block* db, Block* bb, bool first) {
      auto op = make<LoadBulk>(w, I, i);
      op->src = s;
      op->counted = first;
      op->dst_blk = db;
      op->dst_off = to.off;
      op->dst_bytes = n;
      op->bar_blk = bb;
      op->bar_off = bar.off;
      op->tx = n;
      enqueue(w, std::move(op));
    };
    if (!I.y) {
      if (bar.blk != to.blk)
        w.fault(ERR_LAUNCH_FAILURE, I, i,
                "cp.async.bulk: the mbarrier must be in the same block's shared memory as the "
                "destination");
      one(to.blk, bar.blk, true);
      return;
    }
    bool first = true;
    for (u32 m = to_mask; m; m &= m - 1) {
      u32 r = (u32)__builtin_ctz(m);
      if (r >= c.blocks.size())
        w.fault(ERR_ILLEGAL_ADDRESS, I, i,
                format_text("multicast mask 0x%x names block %u of a cluster of %zu", to_mask, r,
                            c.blocks.size()));
      one(c.blocks[r], c.blocks[r], first);
      first = false;
    }
  });
}
// Tensor. ops: 0-1 shared address, 2 tensor map, 3-4 mbar, 5 mask, 6.. coordinates; I.x form, I.y
// multicast, I.z reduction + 1, I.imm as above, I.target rank
void h_tensor(Warp& w, const Instruction& I, u32 mask) {
  const u32* o = w.ops(I);
  auto addr = [&](int k, int at, int lane) -> u64 {
    u64 off = (u64)(s64)*w.R<s32>(o[at + 1]);
    return (I.imm >> k & 1 ? w.R<u64>(o[at])[lane] : w.R<u32>(o[at])[lane]) + off;
  };
  auto gen = [&](int k) { return (bool)(I.imm >> (8 + k) & 1); };
  for_lanes(mask, [&](int i) {
    u64 tm = addr(1, 2, i);
    if (tm % 64)
      w.fault(ERR_MISALIGNED, I, i,
              format_text("tensor map at 0x%llx is not 64-byte aligned", (unsigned long long)tm));
    TMap t;
    memcpy(&t, lane_pointer(w, I, i, tm, Space::Generic, 128, 1, false), sizeof t);
    if (t.magic != kTMapMagic)
      w.fault(ERR_ILLEGAL_INSTRUCTION, I, i,
              format_text("no valid tensor map at 0x%llx (made by cuTensorMapEncodeTiled)",
                          (unsigned long long)tm));
    if (t.rank != I.target)
      w.fault(
          ERR_ILLEGAL_INSTRUCTION, I, i,
          format_text("cp.async.bulk.tensor.%ud with a tensor map of rank %u", I.target, t.rank));
    s32 c[5];
    for (u32 k = 0; k < I.target; k++) c[k] = w.R<s32>(o[7 + k])[i];
    w.th->bulk_ops++;
    if (I.x == PREFETCH) return;
    Tile tile;
    tile.set(t, c);
    const u32 n = tile.bytes();
    Smem sm = smem_at(w, I, i, addr(0, 0, i), n, 128, gen(0), I.x == G2S);
    if (t.swizzle && tile.row_bytes < (16u << t.swizzle)) {
      static bool once = [] {
        log_line(
            "note: a tensor map's inner box is smaller than its swizzle span; vgpu packs the rows "
            "densely, which is not verified");
        return true;
      }();
      (void)once;
    }
    if (I.x == S2G) {
      auto op = make<StoreTile>(w, I, i);
      op->tile = tile;
      op->blk = sm.blk;
      op->off = sm.off;
      op->unread = true;
      op->src_off = sm.off;
      op->src_bytes = n;
      op->red = (int)I.z - 1;
      if (op->red >= 0 && tensor_type(t.type) == PtxType::None)
        w.fault(ERR_ILLEGAL_INSTRUCTION, I, i,
                "cp.reduce.async.bulk.tensor on a type without reductions");
      enqueue_group(w, i, std::move(op));
      return;
    }
    Smem bar = smem_at(w, I, i, addr(2, 4, i), 8, 8, gen(2), true);
    Cluster& cl = cluster_of(*w.blk);
    auto one = [&](Block* db, Block* bb, bool first) {
      auto op = make<LoadTile>(w, I, i);
      op->tile = tile;
      op->counted = first;
      op->dst_blk = db;
      op->dst_off = sm.off;
      op->dst_bytes = n;
      op->bar_blk = bb;
      op->bar_off = bar.off;
      op->tx = n;
      enqueue(w, std::move(op));
    };
    if (!I.y) {
      if (bar.blk != sm.blk)
        w.fault(ERR_LAUNCH_FAILURE, I, i,
                "cp.async.bulk.tensor: the mbarrier must be in the same block's shared memory as "
                "the destination");
      one(sm.blk, bar.blk, true);
      return;
    }
    u32 to_mask = w.R<u16>(o[6])[i];
    bool first = true;
    for (u32 m = to_mask; m; m &= m - 1) {
      u32 r = (u32)__builtin_ctz(m);
      if (r >= cl.blocks.size())
        w.fault(ERR_ILLEGAL_ADDRESS, I, i,
                format_text("multicast mask 0x%x names block %u of a cluster of %zu", to_mask, r,
                            cl.blocks.size()));
      one(cl.blocks[r], cl.blocks[r], first);
      first = false;
    }
  });
}
void h_commit(Warp& w, const Instruction&, u32 mask) {
  HopWarp& h = hop_of(w);
  for_lanes(mask, [&](int i) {
    auto& b = h.bulk[i];
    if (!b) b = std::make_unique<BulkGroups>();
    static const bool early = !strcmp(environment_text("VGPU_BULK_STORE", ""), "early");
    if (early)
      for (auto& op : b->open) op->read();
    b->closed.push_back(std::move(b->open));
    b->open.clear();
  });
}
// I.imm groups that may stay, I.x: .read. Groups whose sources were read stay in the list until
// they land.
void h_wait_group(Warp& w, const Instruction& I, u32 mask) {
  HopWarp& h = hop_of(w);
  for_lanes(mask, [&](int i) {
    auto& b = h.bulk[i];
    if (!b) return;
    size_t n = b->closed.size() > (u64)I.imm ? b->closed.size() - (size_t)I.imm : 0;
    for (size_t k = 0; k < n; k++)
      for (auto& op : b->closed[k]) {
        if (I.x)
          op->read();
        else
          op->land();
      }
    if (!I.x)
      b->closed.erase(b->closed.begin(), b->closed.begin() + (long)n);
    else
      while (n && b->closed.size() > 64) {
        for (auto& op : b->closed.front()) op->land();
        b->closed.pop_front();
        n--;
      }
  });
}

// Address operand -> (reference, offset) with its width and kind noted in imm.
struct Places {
  std::vector<u32> refs;
  s64 bits = 0;
};
void place(Lower& l, const PtxOperand& o, int k, Space sp, Places& p) {
  u8 keep = l.I.x;
  s64 imm = l.I.imm;
  u32 a = l.I.a;
  l.I.x = 0;
  l.I.imm = 0;
  l.address(o, sp);
  if (l.I.imm != (s32)l.I.imm) l.bad("address offset too large");
  if (sp == Space::Param || sp == Space::Local) l.bad("address in the wrong state space");
  p.refs.push_back(l.I.a);
  p.refs.push_back(l.imm32((u32)(s32)l.I.imm));
  if (!(l.I.x & 2)) p.bits |= 1ll << k;
  if (sp == Space::Generic) p.bits |= 1ll << (8 + k);
  l.I.x = keep;
  l.I.imm = imm;
  l.I.a = a;
}
Space smem_space(const Lower& l) {
  return l.has("shared::cluster") || l.has("shared::cta") || l.has("shared") ? Space::Shared
                                                                             : Space::Generic;
}

// dst space is the first of the state spaces named, src the second.
void spaces(const Lower& l, std::string_view& dst, std::string_view& src) {
  for (auto m : l.s.mods)
    if (m == "global" || m.substr(0, 6) == "shared") {
      if (dst.empty())
        dst = m;
      else if (src.empty())
        src = m;
    }
}
void finish_bulk(Lower& l, Places& p, Handler h) {
  l.more(p.refs);
  l.I.imm = p.bits;
  l.emit(h, InstructionClass::AsyncCopy);
}
void op_bulk(Lower& l) {
  if (l.has("commit_group")) {
    l.emit(h_commit, InstructionClass::AsyncCopy);
    return;
  }
  if (l.has("wait_group")) {
    l.I.x = l.has("read");
    l.I.imm = (s64)l.imm_value(l.op(0), PtxType::U32);
    l.emit(h_wait_group, InstructionClass::AsyncCopy);
    return;
  }
  if (l.has("im2col") || l.has("im2col_no_offs") || l.has("im2col::w") || l.has("tile::gather4") ||
      l.has("tile::scatter4"))
    l.bad("this tensor copy mode is not implemented");
  if (l.has("cp_mask") || l.has("ignore_oob")) l.bad("not implemented");
  std::string_view d, s;
  spaces(l, d, s);
  const bool red = l.s.text.substr(0, 9) == "cp.reduce", pre = l.has("prefetch"),
             tensor = l.has("tensor");
  u8 form = pre ? PREFETCH : d == "global" ? S2G : s == "global" ? G2S : S2S;
  ReductionOp ro = RO_ADD;
  if (red && !find_red_op(l, ro)) l.bad("reduction operation");
  Places p;
  const bool multi = l.has("multicast::cluster");
  // The L2 cache policy, if any, is the last operand and is ignored.
  auto nothing = [&] {
    p.refs.push_back(l.imm32(0));
    p.refs.push_back(l.imm32(0));
  };
  if (tensor) {
    size_t mapi = form == G2S ? 1 : 0;
    const PtxOperand& m = l.op(mapi);
    if (m.kind != PtxOperand::Addr || m.sub.size() != 2 || m.sub[1].kind != PtxOperand::Vec)
      l.bad("tensor operand [map, {coordinates}]");
    if (form == PREFETCH)
      nothing();
    else
      place(l, l.op(form == G2S ? 0 : 1), 0, Space::Shared, p);
    place(l, m, 1, Space::Generic, p);
    if (form == G2S)
      place(l, l.op(2), 2, Space::Shared, p);
    else
      nothing();
    p.refs.push_back(multi ? l.src(3, PtxType::B16) : l.imm32(0));
    for (auto& x : m.sub[1].sub) p.refs.push_back(l.src(x, PtxType::S32));
    u32 rank = (u32)m.sub[1].sub.size();
    if (!l.has(rank == 1 ? "1d" : rank == 2 ? "2d" : rank == 3 ? "3d" : rank == 4 ? "4d" : "5d"))
      l.bad("number of coordinates");
    l.I.x = form;
    l.I.y = multi;
    l.I.z = red ? (u8)(ro + 1) : 0;
    l.I.target = rank;
    finish_bulk(l, p, h_tensor);
    return;
  }
  if (form == PREFETCH) {
    nothing();
    nothing();
    nothing();
    nothing();
    p.refs.push_back(l.src(1, PtxType::U32));
    p.refs.push_back(l.imm32(0));
  } else {
    place(l, l.op(0), 0, form == S2G ? Space::Global : Space::Shared, p);
    place(l, l.op(1), 1, form == G2S ? Space::Global : Space::Shared, p);
    if (form != S2G)
      place(l, l.op(3), 2, Space::Shared, p);
    else
      nothing();
    nothing();
    p.refs.push_back(l.src(2, PtxType::U32));
    p.refs.push_back(multi ? l.src(4, PtxType::B16) : l.imm32(0));
  }
  l.I.x = form;
  l.I.y = multi;
  l.I.z = red ? (u8)(ro + 1) : 0;
  l.I.target = (u32)l.ty();
  finish_bulk(l, p, h_bulk);
}

// ---- st.async, red.async: ops: address, offset, mbar, offset, values; I.x count, I.y bytes each
// ----
void h_st_async(Warp& w, const Instruction& I, u32 mask) {
  const u32* o = w.ops(I);
  for_lanes(mask, [&](int i) {
    u32 n = I.x * I.y;
    u64 a = (I.imm & 1 ? w.R<u64>(o[0])[i] : w.R<u32>(o[0])[i]) + (u64)(s64)*w.R<s32>(o[1]),
        m = (I.imm & 2 ? w.R<u64>(o[2])[i] : w.R<u32>(o[2])[i]) + (u64)(s64)*w.R<s32>(o[3]);
    Smem to = smem_at(w, I, i, a, n, n, I.imm >> 8 & 1, true),
         bar = smem_at(w, I, i, m, 8, 8, I.imm >> 9 & 1, true);
    if (to.blk != bar.blk)
      w.fault(
          ERR_LAUNCH_FAILURE, I, i,
          "st.async: the mbarrier must be in the same block's shared memory as the destination");
    auto op = make<StoreAsync>(w, I, i);
    for (u32 k = 0; k < I.x; k++)
      memcpy(op->data + k * I.y,
             I.y == 4 ? (const u8*)&w.R<u32>(o[4 + k])[i] : (const u8*)&w.R<u64>(o[4 + k])[i], I.y);
    op->dst_blk = to.blk;
    op->dst_off = to.off;
    op->dst_bytes = n;
    op->bar_blk = bar.blk;
    op->bar_off = bar.off;
    op->tx = n;
    op->red = (int)I.z - 1;
    op->ty = (PtxType)I.target;
    enqueue(w, std::move(op));
  });
}
void op_st_async(Lower& l) {
  if (!l.has("mbarrier::complete_tx::bytes"))
    l.bad("this form of st.async / red.async is not implemented");
  Places p;
  const bool red = l.s.op == "red";
  ReductionOp ro = RO_ADD;
  if (red && !find_red_op(l, ro)) l.bad("reduction operation");
  place(l, l.op(0), 0, smem_space(l), p);
  place(l, l.op(2), 1, smem_space(l), p);
  PtxType t = l.ty();
  int b = ty_size(t);
  if (b != 4 && b != 8) l.bad("type");
  if (l.op(1).kind == PtxOperand::Vec)
    for (auto& x : l.op(1).sub) p.refs.push_back(l.src(x, t));
  else
    p.refs.push_back(l.src(1, t));
  l.I.x = (u8)(p.refs.size() - 4);
  l.I.y = (u8)b;
  l.I.z = red ? (u8)(ro + 1) : 0;
  l.I.target = (u32)t;
  finish_bulk(l, p, h_st_async);
}
}  // namespace
static OpReg reg_bulk("cp.async.bulk", op_bulk), reg_reduce("cp.reduce.async.bulk", op_bulk),
    reg_st_async("st.async", op_st_async), reg_red_async("red.async", op_st_async);
}  // namespace vgpu

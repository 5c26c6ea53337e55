// cp.async.bulk and its tensor forms (TMA), bulk reductions, st.async and red.async. All of them
// are deferred: see exec/cluster.h.
#include "tests/vgpu/src/isa/floatops.h"
#include "tests/vgpu/src/isa/hopper.h"
#include "tests/vgpu/src/runtime/tensormap.h"
namespace vgpu {
bool find_red_op(const Lower& l, RedOp& op) {
  static const std::pair<const char*, RedOp> ops[] = {
      {"add", RO_ADD}, {"min", RO_MIN}, {"max", RO_MAX}, {"inc", RO_INC},
      {"dec", RO_DEC}, {"and", RO_AND}, {"or", RO_OR},   {"xor", RO_XOR}};
  for (auto& [n, o] : ops)
    if (l.has(n)) {
      op = o;
      return true;
    }
  return false;
}
template <class T>
static T red_int(RedOp op, T o, T b) {
  switch (op) {
    case RO_ADD:
      return (T)((std::make_unsigned_t<T>)o + (std::make_unsigned_t<T>)b);
    case RO_MIN:
      return o < b ? o : b;
    case RO_MAX:
      return o > b ? o : b;
    case RO_INC:
      return o >= b ? (T)0 : (T)(o + 1);
    case RO_DEC:
      return o == 0 || o > b ? b : (T)(o - 1);
    case RO_AND:
      return o & b;
    case RO_OR:
      return o | b;
    default:
      return o ^ b;
  }
}
template <class F>
static F red_fp(RedOp op, F x, F y) {
  if (op == RO_ADD) return x + y;
  if (x != x) return y;
  if (y != y) return x;
  return (op == RO_MIN ? x < y : x > y) ? x : y;
}
template <class U, class F>
static void red_loop(u8* dst, const u8* src, u32 bytes, F f) {
  for (u32 i = 0; i < bytes; i += sizeof(U)) {
    U b;
    memcpy(&b, src + i, sizeof b);
    U* q = (U*)(dst + i);
    U o = __atomic_load_n(q, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(q, &o, (U)f(o, b), false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
    }
  }
}
void reduce_bytes(u8* d, const u8* s, u32 n, RedOp op, Ty t) {
  switch (t) {
    case Ty::U32:
    case Ty::B32:
      red_loop<u32>(d, s, n, [=](u32 o, u32 b) { return red_int<u32>(op, o, b); });
      return;
    case Ty::S32:
      red_loop<u32>(d, s, n, [=](u32 o, u32 b) { return (u32)red_int<s32>(op, (s32)o, (s32)b); });
      return;
    case Ty::U64:
    case Ty::B64:
      red_loop<u64>(d, s, n, [=](u64 o, u64 b) { return red_int<u64>(op, o, b); });
      return;
    case Ty::S64:
      red_loop<u64>(d, s, n, [=](u64 o, u64 b) { return (u64)red_int<s64>(op, (s64)o, (s64)b); });
      return;
    case Ty::F32:
      red_loop<u32>(d, s, n, [=](u32 o, u32 b) {
        return bitcast<u32>(flush(red_fp(op, flush(bitcast<float>(o)), flush(bitcast<float>(b)))));
      });
      return;
    case Ty::F64:
      red_loop<u64>(d, s, n, [=](u64 o, u64 b) {
        return bitcast<u64>(red_fp(op, bitcast<double>(o), bitcast<double>(b)));
      });
      return;
    case Ty::F16:
      red_loop<u16>(d, s, n, [=](u16 o, u16 b) {
        return float_to_half_rn(red_fp(op, half_to_float(o), half_to_float(b)));
      });
      return;
    case Ty::BF16:
      red_loop<u16>(d, s, n, [=](u16 o, u16 b) {
        return float_to_bf16_rn(red_fp(op, bf16_to_float(o), bf16_to_float(b)));
      });
      return;
    default:
      throw Fault(ERR_ILLEGAL_INSTRUCTION, strf("asynchronous reduction on type %s", ty_name(t)));
  }
}

namespace {
struct Tile;
// One global range inside one allocation, or the fault an access to it is.
struct GlobalCheck {
  u64 lo = 1, hi = 0;
  const Tile* tile = nullptr;
  std::string about() const;
  u8* at(Warp& w, const Instr& I, int lane, u64 a, u64 n, bool store) {
    if (!w.launch->check || !n) return (u8*)a;
    if (a < lo || a + n > hi) {
      if (!memtable().range(a, lo, hi) || a + n > hi)
        w.fault(ERR_ILLEGAL_ADDRESS, I, lane,
                strf("illegal global memory %s of %llu bytes at 0x%llx by the asynchronous copy "
                     "engine: %s",
                     store ? "store" : "load", (unsigned long long)n, (unsigned long long)a,
                     (memtable().describe(a) + about()).c_str()));
    }
    return (u8*)a;
  }
};
void count(Thread* t, u64 a, u64 n, bool store) {
  u64 sectors = n ? (a + n - 1) / 32 - a / 32 + 1 : 0;
  if (store) {
    t->bulk_st_bytes += n;
    t->bulk_st_sectors += sectors;
  } else {
    t->bulk_ld_bytes += n;
    t->bulk_ld_sectors += sectors;
  }
}

// ---- contiguous copies ----
struct LoadBulk : AsyncOp {  // global -> shared
  u64 src;
  bool counted;
  void land() override {
    GlobalCheck g;
    memcpy(dst_blk->shared + dst_off, g.at(*w, *I, lane, src, dst_bytes, false), dst_bytes);
    if (race_checks()) proxy_clear(*dst_blk, dst_off, dst_bytes);
    if (counted) count(w->th, src, dst_bytes, false);
  }
};
struct StoreBulk : AsyncOp {  // shared -> global, plain or reducing
  u64 dst;
  Block* blk;
  u32 off, bytes;
  int red = -1;
  Ty ty = Ty::None;
  std::vector<u8> data;
  void read() override {
    if (!unread) return;
    if (race_checks()) proxy_check(*w, *I, lane, *blk, off, bytes, "cp.async.bulk reads");
    data.assign(blk->shared + off, blk->shared + off + bytes);
    unread = false;
  }
  void land() override {
    read();
    GlobalCheck g;
    u8* d = g.at(*w, *I, lane, dst, bytes, true);
    if (red < 0)
      memcpy(d, data.data(), bytes);
    else
      reduce_bytes(d, data.data(), bytes, (RedOp)red, ty);
    count(w->th, dst, bytes, true);
  }
};
struct CopyShared : AsyncOp {  // shared::cta -> shared::cluster
  Block* blk;
  u32 off;
  int red = -1;
  Ty ty = Ty::None;
  void land() override {
    if (race_checks()) proxy_check(*w, *I, lane, *blk, off, dst_bytes, "cp.async.bulk reads");
    u8* d = dst_blk->shared + dst_off;
    if (red < 0)
      memmove(d, blk->shared + off, dst_bytes);
    else
      reduce_bytes(d, blk->shared + off, dst_bytes, (RedOp)red, ty);
    if (race_checks()) proxy_clear(*dst_blk, dst_off, dst_bytes);
  }
};
struct StoreAsync : AsyncOp {  // st.async, red.async
  u8 data[16];
  int red = -1;
  Ty ty = Ty::None;
  void land() override {
    u8* d = dst_blk->shared + dst_off;
    if (red < 0)
      memcpy(d, data, dst_bytes);
    else
      reduce_bytes(d, data, dst_bytes, (RedOp)red, ty);
  }
};

// ---- tensor copies ----
u32 swizzled(u32 a, int mode) {
  switch (mode) {
    case 1:
      return a ^ ((a >> 7 & 1) << 4);  // 16-byte chunks within 32, 64, 128 bytes
    case 2:
      return a ^ ((a >> 7 & 3) << 4);
    case 3:
      return a ^ ((a >> 7 & 7) << 4);
    default:
      return a;
  }
}
struct Tile {
  TMap t;
  s32 c[5];
  u32 n[5];
  u32 row_bytes, rows;
  void set(const TMap& m, const s32* coord) {
    t = m;
    rows = 1;
    for (int d = 0; d < t.rank; d++) {
      c[d] = coord[d];
      n[d] = d ? (t.box[d] + t.es[d] - 1) / t.es[d] : t.box[d];
      if (d) rows *= n[d];
    }
    row_bytes = n[0] * t.esize;
  }
  u32 bytes() const { return rows * row_bytes; }
  // f(row, global address of its first element in bounds, bytes before it, bytes in bounds)
  template <class F>
  void each_row(F f) const {
    u32 i[5] = {0};
    const s64 x0 = std::max<s64>(0, c[0]), x1 = std::min<s64>((s64)t.dim[0], (s64)c[0] + n[0]);
    for (u32 r = 0; r < rows; r++) {
      bool in = x1 > x0;
      s64 a = (s64)t.addr + x0 * t.esize;
      for (int d = 1; d < t.rank; d++) {
        s64 g = (s64)c[d] + (s64)i[d] * t.es[d];
        if (g < 0 || g >= (s64)t.dim[d]) in = false;
        a += g * (s64)t.stride[d - 1];
      }
      f(r, (u64)a, in ? (u32)((x0 - c[0]) * t.esize) : 0, in ? (u32)((x1 - x0) * t.esize) : 0);
      for (int d = 1; d < t.rank && ++i[d] == n[d]; d++) i[d] = 0;
    }
  }
};
std::string GlobalCheck::about() const {
  if (!tile) return "";
  std::string s = strf("\n  tensor map at 0x%llx, %u-byte elements, dimensions",
                       (unsigned long long)tile->t.addr, tile->t.esize);
  for (int d = 0; d < tile->t.rank; d++) s += strf(" %llu", (unsigned long long)tile->t.dim[d]);
  s += "; strides";
  for (int d = 1; d < tile->t.rank; d++)
    s += strf(" %llu", (unsigned long long)tile->t.stride[d - 1]);
  s += "; box";
  for (int d = 0; d < tile->t.rank; d++) s += strf(" %u", tile->t.box[d]);
  s += "; at";
  for (int d = 0; d < tile->t.rank; d++) s += strf(" %d", tile->c[d]);
  return s;
}
// Values that the copy engine changes on the way in.
void adapt(u8* p, u32 n, u8 type) {
  if (type != TM_F32_FTZ && type != TM_TF32_FTZ) return;
  for (u32 i = 0; i < n; i += 4) {
    u32 v;
    memcpy(&v, p + i, 4);
    if (!(v & 0x7f800000)) {
      v &= 0x80000000;
      memcpy(p + i, &v, 4);
    }
  }
}
struct LoadTile : AsyncOp {
  Tile tile;
  bool counted;
  void land() override {
    GlobalCheck g;
    g.tile = &tile;
    alignas(64) u8 row[2048 + 64], fill[16] = {0};
    if (tile.t.nan_fill)
      for (int i = 0; i < 16; i += tile.t.esize)
        switch (tile.t.type) {  // the NaN that FMAs may take for zero
          case TM_F16:
            memcpy(fill + i, "\xff\x7f", 2);
            break;
          case TM_BF16:
            memcpy(fill + i, "\xff\x7f", 2);
            break;
          case TM_F64:
            memcpy(fill + i, "\xff\xff\xff\xff\xff\xff\xff\x7f", 8);
            break;
          default:
            memcpy(fill + i, "\xff\xff\xff\x7f", 4);
        }
    u8* sh = dst_blk->shared;
    tile.each_row([&](u32 r, u64 a, u32 skip, u32 nb) {
      if (nb != tile.row_bytes)
        for (u32 k = 0; k < tile.row_bytes; k += 16) memcpy(row + k, fill, 16);
      if (nb) {
        memcpy(row + skip, g.at(*w, *I, lane, a, nb, false), nb);
        if (counted) count(w->th, a, nb, false);
        adapt(row + skip, nb, tile.t.type);
      }
      const u32 at = dst_off + r * tile.row_bytes;
      if (!tile.t.swizzle) {
        memcpy(sh + at, row, tile.row_bytes);
        return;
      }
      for (u32 k = 0; k < tile.row_bytes; k += 16)
        memcpy(sh + swizzled(at + k, tile.t.swizzle), row + k, 16);
    });
    if (race_checks()) proxy_clear(*dst_blk, dst_off, dst_bytes);
  }
};
Ty tensor_type(u8 t) {
  switch (t) {
    case TM_U32:
      return Ty::U32;
    case TM_S32:
      return Ty::S32;
    case TM_U64:
      return Ty::U64;
    case TM_S64:
      return Ty::S64;
    case TM_F16:
      return Ty::F16;
    case TM_BF16:
      return Ty::BF16;
    case TM_F64:
      return Ty::F64;
    case TM_F32:
    case TM_F32_FTZ:
    case TM_TF32:
    case TM_TF32_FTZ:
      return Ty::F32;
    default:
      return Ty::None;
  }
}
struct StoreTile : AsyncOp {
  Tile tile;
  Block* blk;
  u32 off;
  int red = -1;
  std::vector<u8> data;
  void read() override {
    if (!unread) return;
    const u32 n = tile.bytes();
    if (race_checks()) proxy_check(*w, *I, lane, *blk, off, n, "cp.async.bulk.tensor reads");
    data.resize(n);
    if (!tile.t.swizzle)
      memcpy(data.data(), blk->shared + off, n);
    else
      for (u32 k = 0; k < n; k += 16)
        memcpy(&data[k], blk->shared + swizzled(off + k, tile.t.swizzle), 16);
    unread = false;
  }
  void land() override {
    read();
    GlobalCheck g;
    g.tile = &tile;
    tile.each_row([&](u32 r, u64 a, u32 skip, u32 nb) {
      if (!nb) return;
      u8* d = g.at(*w, *I, lane, a, nb, true);
      const u8* s = &data[(size_t)r * tile.row_bytes + skip];
      if (red < 0)
        memcpy(d, s, nb);
      else
        reduce_bytes(d, s, nb, (RedOp)red, tensor_type(tile.t.type));
      count(w->th, a, nb, true);
    });
  }
};

template <class T>
std::unique_ptr<T> make(Warp& w, const Instr& I, int lane) {
  auto o = std::make_unique<T>();
  o->w = &w;
  o->I = &I;
  o->lane = lane;
  o->from = w.blk;
  return o;
}
void enqueue(Warp& w, std::unique_ptr<AsyncOp> o) {
  cluster_of(*w.blk).pending.push_back(std::move(o));
}
void enqueue_group(Warp& w, int lane, std::unique_ptr<AsyncOp> o) {
  auto& b = hop_of(w).bulk[lane];
  if (!b) b = std::make_unique<BulkGroups>();
  b->open.push_back(std::move(o));
}

// Operand places in the ops list, by position.
enum Form { G2S, S2G, S2S, PREFETCH };
// Contiguous. ops: dst, src, size, mbar, mask; I.x: form, I.y: multicast, I.z reduction + 1, I.imm:
// generic operands (bits), I.target: type
void h_bulk(Warp& w, const Instr& I, u32 mask) {
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
      w.fault(ERR_MISALIGNED, I, i, strf("cp.async.bulk: size %u is not a multiple of 16", n));
    w.th->bulk_ops++;
    if (I.x == PREFETCH) return;
    const u64 d = addr(0, i), s = addr(1, i);
    if (I.x == S2G) {
      if (d % 16)
        w.fault(ERR_MISALIGNED, I, i,
                strf("cp.async.bulk: global address 0x%llx is not 16-byte aligned",
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
      op->ty = (Ty)I.target;
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
      op->ty = (Ty)I.target;
      if (bar.blk != to.blk)
        w.fault(ERR_LAUNCH_FAILURE, I, i,
                "cp.async.bulk: the mbarrier must be in the same block's shared memory as the "
                "destination");
      enqueue(w, std::move(op));
      return;
    }
    if (s % 16)
      w.fault(ERR_MISALIGNED, I, i,
              strf("cp.async.bulk: global address 0x%llx is not 16-byte aligned",
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
                strf("multicast mask 0x%x names block %u of a cluster of %zu", to_mask, r,
                     c.blocks.size()));
      one(c.blocks[r], c.blocks[r], first);
      first = false;
    }
  });
}
// Tensor. ops: 0-1 shared address, 2 tensor map, 3-4 mbar, 5 mask, 6.. coordinates; I.x form, I.y
// multicast, I.z reduction + 1, I.imm as above, I.target rank
void h_tensor(Warp& w, const Instr& I, u32 mask) {
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
              strf("tensor map at 0x%llx is not 64-byte aligned", (unsigned long long)tm));
    TMap t;
    memcpy(&t, lane_pointer(w, I, i, tm, Space::Generic, 128, 1, false), sizeof t);
    if (t.magic != kTMapMagic)
      w.fault(ERR_ILLEGAL_INSTRUCTION, I, i,
              strf("no valid tensor map at 0x%llx (made by cuTensorMapEncodeTiled)",
                   (unsigned long long)tm));
    if (t.rank != I.target)
      w.fault(ERR_ILLEGAL_INSTRUCTION, I, i,
              strf("cp.async.bulk.tensor.%ud with a tensor map of rank %u", I.target, t.rank));
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
      if (op->red >= 0 && tensor_type(t.type) == Ty::None)
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
                strf("multicast mask 0x%x names block %u of a cluster of %zu", to_mask, r,
                     cl.blocks.size()));
      one(cl.blocks[r], cl.blocks[r], first);
      first = false;
    }
  });
}
void h_commit(Warp& w, const Instr&, u32 mask) {
  HopWarp& h = hop_of(w);
  for_lanes(mask, [&](int i) {
    auto& b = h.bulk[i];
    if (!b) b = std::make_unique<BulkGroups>();
    static const bool early = !strcmp(env_str("VGPU_BULK_STORE", ""), "early");
    if (early)
      for (auto& op : b->open) op->read();
    b->closed.push_back(std::move(b->open));
    b->open.clear();
  });
}
// I.imm groups that may stay, I.x: .read. Groups whose sources were read stay in the list until
// they land.
void h_wait_group(Warp& w, const Instr& I, u32 mask) {
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
void place(Lower& l, const Opnd& o, int k, Space sp, Places& p) {
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
  l.emit(h, Kl::AsyncCopy);
}
void op_bulk(Lower& l) {
  if (l.has("commit_group")) {
    l.emit(h_commit, Kl::AsyncCopy);
    return;
  }
  if (l.has("wait_group")) {
    l.I.x = l.has("read");
    l.I.imm = (s64)l.imm_value(l.op(0), Ty::U32);
    l.emit(h_wait_group, Kl::AsyncCopy);
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
  RedOp ro = RO_ADD;
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
    const Opnd& m = l.op(mapi);
    if (m.kind != Opnd::Addr || m.sub.size() != 2 || m.sub[1].kind != Opnd::Vec)
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
    p.refs.push_back(multi ? l.src(3, Ty::B16) : l.imm32(0));
    for (auto& x : m.sub[1].sub) p.refs.push_back(l.src(x, Ty::S32));
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
    p.refs.push_back(l.src(1, Ty::U32));
    p.refs.push_back(l.imm32(0));
  } else {
    place(l, l.op(0), 0, form == S2G ? Space::Global : Space::Shared, p);
    place(l, l.op(1), 1, form == G2S ? Space::Global : Space::Shared, p);
    if (form != S2G)
      place(l, l.op(3), 2, Space::Shared, p);
    else
      nothing();
    nothing();
    p.refs.push_back(l.src(2, Ty::U32));
    p.refs.push_back(multi ? l.src(4, Ty::B16) : l.imm32(0));
  }
  l.I.x = form;
  l.I.y = multi;
  l.I.z = red ? (u8)(ro + 1) : 0;
  l.I.target = (u32)l.ty();
  finish_bulk(l, p, h_bulk);
}

// ---- st.async, red.async: ops: address, offset, mbar, offset, values; I.x count, I.y bytes each
// ----
void h_st_async(Warp& w, const Instr& I, u32 mask) {
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
    op->ty = (Ty)I.target;
    enqueue(w, std::move(op));
  });
}
void op_st_async(Lower& l) {
  if (!l.has("mbarrier::complete_tx::bytes"))
    l.bad("this form of st.async / red.async is not implemented");
  Places p;
  const bool red = l.s.op == "red";
  RedOp ro = RO_ADD;
  if (red && !find_red_op(l, ro)) l.bad("reduction operation");
  place(l, l.op(0), 0, smem_space(l), p);
  place(l, l.op(2), 1, smem_space(l), p);
  Ty t = l.ty();
  int b = ty_size(t);
  if (b != 4 && b != 8) l.bad("type");
  if (l.op(1).kind == Opnd::Vec)
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

// The asynchronous copies in flight: contiguous ones and tiles of tensors, what each reads and
// writes when it lands.
#pragma once
#include "tests/vgpu/src/isa/floatops.h"
#include "tests/vgpu/src/isa/hopper.h"
#include "tests/vgpu/src/runtime/tensormap.h"
namespace vgpu {
struct Tile;
// One global range inside one allocation, or the fault an access to it is.
struct GlobalCheck {
  u64 lo = 1, hi = 0;
  const Tile* tile = nullptr;
  std::string about() const;
  u8* at(Warp& w, const Instruction& I, int lane, u64 a, u64 n, bool store) {
    if (!w.launch->check || !n) return (u8*)a;
    if (a < lo || a + n > hi) {
      if (!memtable().range(a, lo, hi) || a + n > hi)
        w.fault(
            ERR_ILLEGAL_ADDRESS, I, lane,
            format_text("illegal global memory %s of %llu bytes at 0x%llx by the asynchronous copy "
                        "engine: %s",
                        store ? "store" : "load", (unsigned long long)n, (unsigned long long)a,
                        (memtable().describe(a) + about()).c_str()));
    }
    return (u8*)a;
  }
};
inline void count_copied(Thread* t, u64 a, u64 n, bool store) {
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
    if (counted) count_copied(w->th, src, dst_bytes, false);
  }
};
struct StoreBulk : AsyncOp {  // shared -> global, plain or reducing
  u64 dst;
  Block* blk;
  u32 off, bytes;
  int red = -1;
  PtxType ty = PtxType::None;
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
      reduce_bytes(d, data.data(), bytes, (ReductionOp)red, ty);
    count_copied(w->th, dst, bytes, true);
  }
};
struct CopyShared : AsyncOp {  // shared::cta -> shared::cluster
  Block* blk;
  u32 off;
  int red = -1;
  PtxType ty = PtxType::None;
  void land() override {
    if (race_checks()) proxy_check(*w, *I, lane, *blk, off, dst_bytes, "cp.async.bulk reads");
    u8* d = dst_blk->shared + dst_off;
    if (red < 0)
      memmove(d, blk->shared + off, dst_bytes);
    else
      reduce_bytes(d, blk->shared + off, dst_bytes, (ReductionOp)red, ty);
    if (race_checks()) proxy_clear(*dst_blk, dst_off, dst_bytes);
  }
};
struct StoreAsync : AsyncOp {  // st.async, red.async
  u8 data[16];
  int red = -1;
  PtxType ty = PtxType::None;
  void land() override {
    u8* d = dst_blk->shared + dst_off;
    if (red < 0)
      memcpy(d, data, dst_bytes);
    else
      reduce_bytes(d, data, dst_bytes, (ReductionOp)red, ty);
  }
};

// ---- tensor copies ----
inline u32 swizzled(u32 a, int mode) {
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
inline std::string GlobalCheck::about() const {
  if (!tile) return "";
  std::string s = format_text("\n  tensor map at 0x%llx, %u-byte elements, dimensions",
                              (unsigned long long)tile->t.addr, tile->t.esize);
  for (int d = 0; d < tile->t.rank; d++)
    s += format_text(" %llu", (unsigned long long)tile->t.dim[d]);
  s += "; strides";
  for (int d = 1; d < tile->t.rank; d++)
    s += format_text(" %llu", (unsigned long long)tile->t.stride[d - 1]);
  s += "; box";
  for (int d = 0; d < tile->t.rank; d++) s += format_text(" %u", tile->t.box[d]);
  s += "; at";
  for (int d = 0; d < tile->t.rank; d++) s += format_text(" %d", tile->c[d]);
  return s;
}
// Values that the copy engine changes on the way in.
inline void adapt(u8* p, u32 n, u8 type) {
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
        if (counted) count_copied(w->th, a, nb, false);
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
inline PtxType tensor_type(u8 t) {
  switch (t) {
    case TM_U32:
      return PtxType::U32;
    case TM_S32:
      return PtxType::S32;
    case TM_U64:
      return PtxType::U64;
    case TM_S64:
      return PtxType::S64;
    case TM_F16:
      return PtxType::F16;
    case TM_BF16:
      return PtxType::BF16;
    case TM_F64:
      return PtxType::F64;
    case TM_F32:
    case TM_F32_FTZ:
    case TM_TF32:
    case TM_TF32_FTZ:
      return PtxType::F32;
    default:
      return PtxType::None;
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
        reduce_bytes(d, s, nb, (ReductionOp)red, tensor_type(tile.t.type));
      count_copied(w->th, a, nb, true);
    });
  }
};

template <class T>
std::unique_ptr<T> make(Warp& w, const Instruction& I, int lane) {
  auto o = std::make_unique<T>();
  o->w = &w;
  o->I = &I;
  o->lane = lane;
  o->from = w.blk;
  return o;
}
inline void enqueue(Warp& w, std::unique_ptr<AsyncOp> o) {
  cluster_of(*w.blk).pending.push_back(std::move(o));
}
inline void enqueue_group(Warp& w, int lane, std::unique_ptr<AsyncOp> o) {
  auto& b = hop_of(w).bulk[lane];
  if (!b) b = std::make_unique<BulkGroups>();
  b->open.push_back(std::move(o));
}
}  // namespace vgpu

// Gives registers their places in the frame. Virtual registers whose live ranges do not overlap
// share a place of the same size: a warp's registers then stay in the cache. Liveness is per
// thread, which is what matters: lanes at different instructions never touch each other's lanes of
// a register.
#include <algorithm>

#include "tests/vgpu/src/ptx/builder.h"
namespace vgpu {
void allocate_registers(FnBuilder& fb) {
  Code& c = fb.code;
  Body& b = *c.body;
  const u32 nr = (u32)b.regs.size(), ns = (u32)fb.flow.size();
  static const bool share = !environment_number("VGPU_NOALLOC", 0);

  // Basic blocks over statements.
  std::vector<u8> leader(ns + 1, 0);
  leader[0] = 1;
  for (u32 i = 0; i < ns; i++) {
    for (u32 t : fb.flow[i].targets) leader[t] = 1;
    if (!fb.flow[i].targets.empty() || !fb.flow[i].falls_through) leader[i + 1] = 1;
  }
  std::vector<u32> start, block_of(ns);
  for (u32 i = 0; i < ns; i++) {
    if (leader[i]) start.push_back(i);
    block_of[i] = (u32)start.size() - 1;
  }
  const u32 nb = (u32)start.size();
  auto block_end = [&](u32 k) { return k + 1 < nb ? start[k + 1] : ns; };

  const size_t words = (nr + 63) / 64;
  std::vector<u64> use(nb * words), def(nb * words), in(nb * words), out(nb * words);
  auto set = [&](std::vector<u64>& v, u32 k, u32 r) { v[k * words + r / 64] |= 1ull << (r & 63); };
  auto get = [&](std::vector<u64>& v, u32 k, u32 r) {
    return v[k * words + r / 64] >> (r & 63) & 1;
  };
  for (u32 k = 0; k < nb; k++)
    for (u32 i = start[k]; i < block_end(k); i++) {
      auto& f = fb.flow[i];
      for (u32 r : f.uses)
        if (!get(def, k, r)) set(use, k, r);
      for (u32 r : f.defs) {
        if (f.guarded) {
          if (!get(def, k, r)) set(use, k, r);
        } else
          set(def, k, r);
      }
    }
  for (bool changed = true; changed;) {
    changed = false;
    for (u32 k = nb; k-- > 0;) {
      auto& last = fb.flow[block_end(k) - 1];
      u64* o = &out[k * words];
      auto merge = [&](u32 s) {
        const u64* x = &in[s * words];
        for (size_t w = 0; w < words; w++) o[w] |= x[w];
      };
      if (last.falls_through && k + 1 < nb) merge(k + 1);
      for (u32 t : last.targets) merge(block_of[t]);
      for (size_t w = 0; w < words; w++) {
        u64 v = use[k * words + w] | (o[w] & ~def[k * words + w]);
        if (v != in[k * words + w]) {
          in[k * words + w] = v;
          changed = true;
        }
      }
    }
  }
  std::vector<u32> lo(nr, ~0u), hi(nr, 0);
  auto touch = [&](u32 r, u32 at) {
    lo[r] = std::min(lo[r], at);
    hi[r] = std::max(hi[r], at);
  };
  for (u32 k = 0; k < nb; k++) {
    for (size_t w = 0; w < words; w++) {
      for (u64 v = in [k * words + w]; v; v &= v - 1)
        touch((u32)(w * 64 + __builtin_ctzll(v)), start[k]);
      for (u64 v = out[k * words + w]; v; v &= v - 1)
        touch((u32)(w * 64 + __builtin_ctzll(v)), block_end(k) - 1);
    }
    for (u32 i = start[k]; i < block_end(k); i++) {
      for (u32 r : fb.flow[i].uses) touch(r, i);
      for (u32 r : fb.flow[i].defs) touch(r, i);
    }
  }

  // Linear scan, one pool per size class: predicates, 2, 4, 8, 16 bytes per lane.
  auto cls = [&](u32 r) {
    return b.regs[r].ty == PtxType::Pred ? 0
           : b.regs[r].size <= 2         ? 1
           : b.regs[r].size == 4         ? 2
           : b.regs[r].size == 8         ? 3
                                         : 4;
  };
  std::vector<u32> order;
  for (u32 r = 1; r < nr; r++)
    if (lo[r] != ~0u) order.push_back(r);
  std::sort(order.begin(), order.end(),
            [&](u32 x, u32 y) { return lo[x] != lo[y] ? lo[x] < lo[y] : x < y; });
  std::vector<u32> slot(nr, 0), count(5, 0);
  std::vector<u32> free_slots[5];
  std::vector<std::pair<u32, u32>> active[5];  // (end, slot), a heap by end
  for (u32 r : order) {
    int k = cls(r);
    auto cmp = [](auto& x, auto& y) { return x.first > y.first; };
    while (share && !active[k].empty() && active[k].front().first < lo[r]) {
      std::pop_heap(active[k].begin(), active[k].end(), cmp);
      free_slots[k].push_back(active[k].back().second);
      active[k].pop_back();
    }
    u32 s;
    if (!free_slots[k].empty()) {
      s = free_slots[k].back();
      free_slots[k].pop_back();
    } else
      s = count[k]++;
    slot[r] = s;
    active[k].push_back({hi[r], s});
    std::push_heap(active[k].begin(), active[k].end(), cmp);
  }
  const u32 size[5] = {4, 64, 128, 256, 512};
  u32 base[5], at = 4 + count[0] * 4;  // word 0: always true
  base[0] = 4;
  at = (at + 63) / 64 * 64;
  for (int k = 1; k < 5; k++) {
    base[k] = at;
    at += count[k] * size[k];
  }
  at += 512;  // place for registers that are named but never live
  c.frame_bytes = at;
  c.nregs32 = (count[1] + 1) / 2 + count[2] + 2 * count[3] + 4 * count[4];
  std::vector<u32> place(nr, 0);
  for (u32 r = 1; r < nr; r++)
    place[r] = lo[r] == ~0u ? at - 512 : base[cls(r)] + slot[r] * size[cls(r)];

  auto fix = [&](u32& ref) {
    if (!(ref & 1)) ref = place[ref / 2];
  };
  for (auto& I : c.code) {
    fix(I.dst);
    fix(I.a);
    fix(I.b);
    fix(I.c);
    fix(I.d);
    fix(I.e);
    fix(I.guard);
  }
  for (auto& o : c.ops) fix(o);
  for (auto& cs : c.calls) fix(cs.fnptr);
}
}  // namespace vgpu

#include "tests/vgpu/src/exec/race.h"

#include <algorithm>
#include <cxxabi.h>
#include <unordered_map>

#include "tests/vgpu/src/exec/ext.h"
#include "tests/vgpu/src/exec/grid.h"
#include "tests/vgpu/src/isa/hopper.h"
namespace vgpu {
const int race_level = (int)environment_number("VGPU_RACE", 0);
const bool race_on = race_level > 0;

struct RaceClock {
  u32 v[32] = {0};
};
struct RaceBlock {
  struct Write {
    const Instruction* at = nullptr;
    u32 clock = 0, sync = 0;
    u8 warp = 0, lane = 0, bytes = 0;
    bool strong = false, pending = false;
  };
  struct Read {
    const Instruction* at;
    u32 clock, sync;
    u8 lane, bytes;
    bool strong;
  };
  u32 nwarps = 0, nwords = 0;
  std::vector<Write> writes;  // per word: the last one
  std::vector<u32> readers;   // per word: warps that read since
  std::vector<Read> reads;    // [word * nwarps + warp], valid where `readers` says so
  RaceClock clock[32], bar[16];
  u32 sync[32];                               // __syncwarps executed
  std::unordered_map<u32, RaceClock> strong;  // word -> what its strong writes released
  struct Phased {
    RaceClock open, ended;
  };
  std::unordered_map<u32, Phased> phased;  // mbarriers and barrier.cluster
};
namespace {
constexpr u8 kMany = 0xff;  // several lanes
void join(RaceClock& a, const RaceClock& b) {
  for (int i = 0; i < 32; i++) a.v[i] = std::max(a.v[i], b.v[i]);
}
RaceBlock& race_of(Block& b) { return *ext_of(b).race; }

std::string shared_name(const Program& p, u32 off) {
  auto inside = [&](const std::string& n, u32 lo, u64 size) {
    if (off < lo || off >= lo + size) return std::string();
    int st;
    char* d = abi::__cxa_demangle(n.c_str(), nullptr, nullptr, &st);
    std::string r = format_text("'%s' + %u", st == 0 && d ? d : n.c_str(), off - lo);
    free(d);
    return r;
  };
  for (auto& [n, lo] : p.shared_off) {
    auto it = p.module->var_index.find(n);
    if (it != p.module->var_index.end())
      if (auto s = inside(n, lo, p.module->vars[it->second].size); !s.empty()) return s;
  }
  for (auto& c : p.codes)
    for (auto& v : c->body->vars)
      if (v.space == Space::Shared)
        if (auto s = inside(v.name, v.offset, v.size); !s.empty()) return s;
  return off >= p.dyn_shared ? format_text("dynamic shared memory + %u", off - p.dyn_shared)
                             : "padding";
}
std::string where(const Program& p, const Instruction* i) {
  for (auto& c : p.codes)
    if (!c->code.empty() && i >= c->code.data() && i < c->code.data() + c->code.size())
      return c->where(i);
  return "?";
}
[[noreturn, gnu::noinline]] void report(Warp& w, const Instruction& I, int lane, u32 word,
                                        const char* did, u32 other_warp, u8 other_lane,
                                        const Instruction* other, const char* other_did,
                                        const char* why) {
  const Program& p = *w.launch->prog;
  w.fault(ERR_LAUNCH_FAILURE, I, lane,
          format_text(
              "shared memory race: warp %u (lane %d) %s the word at offset 0x%x (%s), which warp "
              "%u%s %s %s\n  the other access: %s",
              w.id, lane, did, word * 4, shared_name(p, word * 4).c_str(), other_warp,
              other_lane == kMany ? "" : format_text(" (lane %u)", other_lane).c_str(), other_did,
              why, where(p, other).c_str()));
}
// A plain store that writes what is there already (every warp sets the same flag): harmless between
// writes.
bool same_value(Warp& w, const Instruction& I, int lane, u32 off, u32 bytes) {
  if ((I.klass != InstructionClass::SharedSt && I.klass != InstructionClass::GenericSt) ||
      !(I.target >> 31))
    return false;  // op_st says how the registers lie
  const u32 v = I.target >> 8 & 0xff, reg = I.target & 255, each = bytes / v;
  const u32* o = w.ops(I);
  for (u32 k = 0; k < v; k++)
    if (memcmp(w.shared + off + k * each, w.R<u8>(v == 1 ? I.b : o[k]) + (size_t)lane * reg, each))
      return false;
  return true;
}
const char* kApart = "with no barrier in between";
const char* kFlight = "with a cp.async that nobody has waited for yet";
}  // namespace

RaceKind race_kind(const Instruction& I, bool store) {
  if (I.klass == InstructionClass::Atomic) return RaceKind::Atomic;
  const bool ld = I.klass == InstructionClass::SharedLd || I.klass == InstructionClass::GenericLd,
             st = I.klass == InstructionClass::SharedSt || I.klass == InstructionClass::GenericSt;
  return (ld || st) && I.z ? (store ? RaceKind::StrongWrite : RaceKind::StrongRead)
         : store           ? RaceKind::Write
                           : RaceKind::Read;
}

void race_access(Warp& w, const Instruction& I, u32 mask, const u32* off, u32 bytes,
                 RaceKind kind) {
  RaceBlock& r = race_of(*w.blk);
  const u32 me = w.id, now = r.clock[me].v[me], sync = r.sync[me], nw = r.nwarps;
  RaceClock& mine = r.clock[me];
  const bool strong =
      kind == RaceKind::StrongRead || kind == RaceKind::StrongWrite || kind == RaceKind::Atomic;
  const bool write = kind != RaceKind::Read && kind != RaceKind::StrongRead;
  const char* did = kind == RaceKind::Atomic ? "atomically updates"
                    : kind == RaceKind::AsyncIssue || kind == RaceKind::AsyncDone
                        ? "copies (cp.async) to"
                    : write ? "writes"
                            : "reads";
  for (u32 m = mask; m; m &= m - 1) {
    const int lane = __builtin_ctz(m);
    const u32 first = off[lane] / 4, last = (off[lane] + bytes - 1) / 4;
    for (u32 x = first; x <= last && x < r.nwords; x++) {
      const u8 bm = bytes >= 4 ? 15 : (u8)(((1u << bytes) - 1) << (off[lane] & 3));
      if (strong)
        if (auto it = r.strong.find(x); it != r.strong.end()) join(mine, it->second);
      RaceBlock::Write& q = r.writes[x];
      if (q.clock && (q.bytes & bm) && kind != RaceKind::AsyncDone) {
        if (q.pending) report(w, I, lane, x, did, q.warp, q.lane, q.at, "fills", kFlight);
        if (q.strong && strong) {
        } else if (q.warp != me) {
          if (q.clock > mine.v[q.warp] && !(write && same_value(w, I, lane, off[lane], bytes)))
            report(w, I, lane, x, did, q.warp, q.lane, q.at, "wrote", kApart);
        } else if (race_level > 1 && q.lane != lane && q.lane != kMany && q.clock == now &&
                   q.sync == sync && q.at != &I &&
                   !(write && same_value(w, I, lane, off[lane], bytes)))
          report(w, I, lane, x, did, q.warp, q.lane, q.at, "wrote",
                 "with no __syncwarp in between");
      }
      if (!write) {
        RaceBlock::Read& e = r.reads[(size_t)x * nw + me];
        if (r.readers[x] >> me & 1 && e.clock == now && e.sync == sync) {
          if (e.lane != lane) e.lane = kMany;
          e.bytes |= bm;
          e.strong &= strong;
          e.at = &I;
        } else
          e = {&I, now, sync, (u8)lane, bm, strong};
        r.readers[x] |= 1u << me;
        continue;
      }
      for (u32 left = r.readers[x]; left; left &= left - 1) {
        const u32 v = (u32)__builtin_ctz(left);
        const RaceBlock::Read& e = r.reads[(size_t)x * nw + v];
        if (!(e.bytes & bm) || (e.strong && strong)) continue;
        if (v != me) {
          if (e.clock > mine.v[v]) report(w, I, lane, x, did, v, e.lane, e.at, "read", kApart);
        } else if (race_level > 1 && kind != RaceKind::AsyncDone && e.lane != lane &&
                   e.lane != kMany && e.clock == now && e.sync == sync)
          report(w, I, lane, x, did, v, e.lane, e.at, "read", "with no __syncwarp in between");
      }
      if (bm == 15) r.readers[x] = 0;
      const bool more = q.at == &I && q.warp == me && q.clock == now && q.sync == sync &&
                        q.lane != lane && bm != 15;  // neighbours share the word
      q = {&I,
           now,
           sync,
           (u8)me,
           more ? kMany : (u8)lane,
           more ? (u8)(q.bytes | bm) : bm,
           strong,
           kind == RaceKind::AsyncIssue};
      if (strong) join(r.strong[x], mine);
    }
  }
  if (strong && write) mine.v[me]++;  // what comes later is not released by this
  if (write && kind != RaceKind::AsyncIssue)
    for_lanes(mask, [&](int i) { proxy_wrote(w, i, *w.blk, off[i], bytes); });
}

void race_start(Block& b) {
  auto& p = ext_of(b).race;
  if (!p) p = std::make_shared<RaceBlock>();
  RaceBlock& r = *p;
  r.nwarps = b.nwarps;
  r.nwords = (b.shared_size + 3) / 4;
  r.writes.assign(r.nwords, {});
  r.readers.assign(r.nwords, 0);
  if (r.reads.size() < (size_t)r.nwords * r.nwarps) r.reads.resize((size_t)r.nwords * r.nwarps);
  for (u32 i = 0; i < 32; i++) {
    r.clock[i] = {};
    r.clock[i].v[i] = 1;
    r.sync[i] = 0;
  }
  for (auto& c : r.bar) c = {};
  r.strong.clear();
  r.phased.clear();
}
void race_warp_sync(Warp& w) { race_of(*w.blk).sync[w.id]++; }
static void release(RaceBlock& r, Warp& w, RaceClock& c) {
  RaceClock& m = r.clock[w.id];
  join(c, m);
  m.v[w.id]++;
}
void race_signal(Warp& w, u32 o) {
  RaceBlock& r = race_of(*w.blk);
  release(r, w, r.phased[o].open);
}
void race_phase(Block& b, u32 o) {
  auto& p = race_of(b).phased[o];
  p.ended = p.open;
  p.open = {};
}
void race_wait(Warp& w, u32 o) {
  RaceBlock& r = race_of(*w.blk);
  join(r.clock[w.id], r.phased[o].ended);
}
void race_forget(Block& b, u32 off, u32 bytes) {
  RaceBlock& r = race_of(b);
  for (u32 x = off / 4; x < (off + bytes + 3) / 4 && x < r.nwords; x++) {
    r.writes[x] = {};
    r.readers[x] = 0;
  }
}
void race_arrive(Block& b, Warp& w, u32 bar) {
  RaceBlock& r = race_of(b);
  release(r, w, r.bar[bar]);
}
void race_depart(Block& b, Warp& w, u32 bar) {
  RaceBlock& r = race_of(b);
  RaceClock& mine = r.clock[w.id];
  join(mine, r.bar[bar]);
  const Barrier& bar_ = b.bars[bar];  // threads that ended count as arrived at a barrier for all
  if (!bar_.expect)
    for (u32 i = 0; i < b.nwarps; i++)
      if (b.warps[i].done() && !bar_.lanes[i]) join(mine, r.clock[i]);
}
void race_reset(Block& b, u32 bar) { race_of(b).bar[bar] = {}; }
}  // namespace vgpu

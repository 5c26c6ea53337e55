// wmma.load, wmma.store, wmma.mma. Which lane holds which element is vgpu's choice (PTX leaves it
// open): every fragment is one or two tiles in the layout of mma.sync, so wmma.mma is one or two
// mma's. m8n32 is computed transposed.
#include <deque>

#include "tests/vgpu/src/isa/matrix.h"
#include "tests/vgpu/src/isa/rows.h"
namespace vgpu {
namespace {
using namespace mma;

struct Frag {
  std::string key;
  u32 index = 0;
  int regs = 0, parts = 1,
      bits = 0;  // registers; elements per register that are loaded one by one; bits of an element
  int reg_bytes = 4, rows = 0, cols = 0, unit = 0;  // unit: bytes moved per part
  bool along_row =
      false;  // the parts of a register are neighbours in a row of the matrix, not in a column
  std::vector<u8> row, col;  // [(reg * parts + part) * 32 + lane]
  std::vector<int>
      copy_of;  // register that holds the same (f16 fragments are wider than the matrix)
};
// kind: a, b or c (c is also d).
std::deque<Frag>& frags() {
  static auto* all = new std::deque<Frag>;
  return *all;
}
const Frag* make_frag(char kind, int m, int n, int k, std::string_view ty) {
  std::string key = format_text("%c%d.%d.%d.", kind, m, n, k) + std::string(ty);
  for (auto& f : frags())
    if (f.key == key) return &f;
  Frag f;
  f.key = key;
  f.index = (u32)frags().size();
  const int pack = packed(ty);  // elements side by side in K
  const bool acc = kind == 'c', sub = ty == "s4" || ty == "u4" || ty == "b1";
  f.bits = ty == "f64" ? 64 : acc ? (ty == "f16" ? 16 : 32) : 32 / pack;
  f.parts = acc ? (ty == "f16" ? 2 : 1) : sub ? 1 : pack;
  f.unit = sub ? 4 : f.bits / 8;
  f.reg_bytes = ty == "f64" ? 8 : 4;
  f.rows = kind == 'b' ? k : m;
  f.cols = kind == 'a' ? k : n;
  const int rh_n = m == 8 && n == 8 ? 1 : 2, j_n = acc ? 0 : k / (4 * pack),
            tiles = m * n == 256 ? 2 : 1;
  const bool tr = m == 8 && n == 32;
  f.along_row = kind == 'a' || (acc && !tr);
  auto place = [&](auto pos) {  // pos(g, t, part) -> row, col of one register
    for (int p = 0; p < f.parts; p++)
      for (int l = 0; l < 32; l++) {
        auto [r, c] = pos(l / 4, l % 4, p);
        f.row.push_back((u8)r);
        f.col.push_back((u8)c);
      }
    f.copy_of.push_back(-1);
    f.regs++;
  };
  using RC = std::pair<int, int>;
  if (acc) {
    for (int i = 0; i < tiles; i++)
      for (int rh = 0; rh < rh_n; rh++)
        for (int q = 0; q < 2; q++) {
          if (f.parts == 2 && q) continue;
          place([&](int g, int t, int p) -> RC {
            int r = g + 8 * rh, c = 2 * t + (f.parts == 2 ? p : q);
            if (tr) return {c, r + 16 * i};
            return m == 32 ? RC{r + 16 * i, c} : RC{r, c + 8 * i};
          });
        }
  } else {
    const bool a_side = (kind == 'a') != tr;  // in the mma's view: M side or N side
    const int count = a_side ? (m == 32 || n == 32 ? 2 : 1) : (m == 16 ? 2 : 1);
    for (int i = 0; i < count; i++)
      for (int j = 0; j < j_n; j++)
        for (int rh = 0; rh < (a_side ? rh_n : 1); rh++)
          place([&](int g, int t, int p) -> RC {
            int major = a_side ? g + 8 * rh + 16 * i : g + 8 * i, kk = pack * (4 * j + t) + p;
            return kind == 'a' ? RC{major, kk} : RC{kk, major};
          });
    if (ty == "f16") {
      const int own = f.regs;
      while (f.regs < 8) {
        f.copy_of.push_back(f.regs % own);
        f.regs++;
      }
    }
  }
  frags().push_back(std::move(f));
  return &frags().back();
}

enum { HAS_STRIDE = 1, COL = 2 };
// I.a + I.imm address, I.b stride in elements, I.z flags, I.target the fragment's index in frags().
template <bool STORE>
void h_wmma_mem(Warp& w, const Instruction& I, u32 mask) {
  if (!whole_warp(w, I, mask)) return;
  const Frag& f = frags()[I.target];
  const u32* o = w.ops(I);
  const int lane0 = __builtin_ctz(mask);
  const bool col = I.z & COL;
  const s64 ld = I.z & HAS_STRIDE ? (s64)w.R<s32>(I.b)[lane0] : col ? f.rows : f.cols;
  Space sp = (Space)I.y;
  u64 base =
      (I.x & 2) ? (u64)(u32)(w.R<u32>(I.a)[lane0] + (u32)I.imm) : w.R<u64>(I.a)[lane0] + (u64)I.imm;
  if (sp == Space::Generic) {
    const u64 win = base & kWindowMask;
    sp = win == kSharedWindow || win == kClusterWindow ? Space::Shared : Space::Global;
  }
  if (sp == Space::Shared) base &= 0xffffffffull;
  if (base & 15) lane_pointer(w, I, lane0, base, sp, 16, 16, STORE);  // faults
  // Bounds: one look for the whole matrix, lane by lane if that fails.
  const s64 last = ((s64)((col ? f.cols : f.rows) - 1) * ld + (col ? f.rows : f.cols)) * f.bits / 8;
  Memo& m = w.memo[I.mem];
  bool inside = true;
  if (sp == Space::Shared)
    inside = ld >= 0 && base + (u64)last <= w.shared_size;
  else if (w.launch->check && !(m.epoch == w.epoch && base >= m.lo && base + (u64)last <= m.hi)) {
    u64 lo, hi;
    inside = ld >= 0 && memtable().range(base, lo, hi) && base + (u64)last <= hi;
    if (inside) {
      m.lo = lo;
      m.hi = hi;
      m.epoch = w.epoch;
    }
  }
  // What the access costs depends on the stride and on the place modulo the banks: worked out when
  // that changes.
  const bool shared = sp == Space::Shared;
  const u64 pattern = (u64)ld << 9 | (base & 127) << 2 | (u64)shared << 1 | 1;
  const bool count = m.last != pattern;
  if (count) {
    m.last = pattern;
    m.waves = m.ideal = m.sectors = 0;
    m.mask = 0;
  }
  u8* mem = shared ? w.shared : nullptr;
  const u8 *row = f.row.data(), *cl = f.col.data();
  const bool joined =
      f.parts > 1 &&
      f.along_row == !col;  // the parts of a register are neighbours in memory: one access
  const u32 bytes = (u32)(f.unit * (joined ? f.parts : 1));
  for (int r = 0; r < f.regs; r++) {
    u8* reg = w.R<u8>(o[r]);
    if (f.copy_of[r] >= 0) {
      if (!STORE) memcpy(reg, w.R<u8>(o[f.copy_of[r]]), 128);
      continue;
    }
    for (int p = 0; p < f.parts; p++, row += 32, cl += 32) {
      alignas(64) u64 ad[32];
      for (int l = 0; l < 32; l++)
        ad[l] =
            base + (u64)((col ? (s64)cl[l] * ld + row[l] : (s64)row[l] * ld + cl[l]) * f.bits / 8);
      if (VGPU_UNLIKELY(!inside))
        for (int l = 0; l < 32; l++) lane_pointer(w, I, l, ad[l], sp, (u32)f.unit, 1, STORE);
      auto move = [&](auto t) {
        using T = decltype(t);
        for (int l = 0; l < 32; l++) {
          u8* d = reg + (size_t)l * f.reg_bytes + p * sizeof(T);
          if (STORE)
            memcpy(mem + ad[l], d, sizeof(T));
          else
            memcpy(d, mem + ad[l], sizeof(T));
        }
      };
      switch (f.unit) {
        case 1:
          move(u8{});
          break;
        case 2:
          move(u16{});
          break;
        case 4:
          move(u32{});
          break;
        default:
          move(u64{});
      }
      if (joined && p) continue;
      if (VGPU_UNLIKELY(shared && race_on)) {
        alignas(64) u32 off[32];
        for (int l = 0; l < 32; l++) off[l] = (u32)ad[l];
        race_access(w, I, mask, off, bytes, STORE ? RaceKind::Write : RaceKind::Read);
      }
      if (VGPU_LIKELY(!count)) continue;
      m.mask++;  // requests
      if (shared) {
        alignas(64) u32 off[32];
        for (int l = 0; l < 32; l++) off[l] = (u32)ad[l] & ~3u;
        u32 ideal;
        m.waves += (u16)waves_narrow(off, mask, std::max(4u, bytes), ideal);
        m.ideal += (u16)ideal;
      } else {
        u64 seen[32];
        u32 n = 0;
        for (int l = 0; l < 32; l++) {
          const u64 s = ad[l] >> 5;
          u32 i = n;
          while (i && seen[i - 1] != s) i--;
          if (!i) seen[n++] = s;
        }
        m.sectors += (u16)n;
      }
    }
  }
  if (shared) {
    m.s_req += m.mask;
    m.s_waves += m.waves;
    m.s_ideal += m.ideal;
    m.s_bytes += (u64)m.mask * bytes * 32;
  } else {
    m.g_req += m.mask;
    m.g_sectors += m.sectors;
    m.g_bytes += (u64)m.mask * bytes * 32;
  }
}

void op_wmma_mem(Lower& l, bool store) {
  int m, n, k;
  Types t = types_of(l);
  if (!shape_of(l, m, n, k) || t.n != 1) l.bad("wmma shape or type");
  const char kind = store || l.has("c") ? 'c' : l.has("a") ? 'a' : 'b';
  const Frag* f = make_frag(kind, m, n, k, t[0]);
  Space sp = l.space();
  l.address(l.op(store ? 0 : 1), sp);
  if (sp != Space::Shared && sp != Space::Generic && sp != Space::Global)
    l.bad("wmma: state space");
  std::vector<u32> r;
  for (auto* o : vector_operand(l, store ? 1 : 0, (size_t)f->regs))
    r.push_back(store ? l.src(*o, f->reg_bytes == 8 ? PtxType::B64 : PtxType::B32)
                      : l.dst(*o, f->reg_bytes));
  l.more(r);
  if (l.nops() > 2) {
    l.I.b = l.src(2, PtxType::U32);
    l.I.z |= HAS_STRIDE;
  }
  if (l.has("col")) l.I.z |= COL;
  l.I.target = f->index;
  l.I.y = (u8)sp;
  l.I.mem = l.mem_slot();
  const bool sh = sp == Space::Shared, gl = sp == Space::Global;
  l.emit(store ? h_wmma_mem<true> : h_wmma_mem<false>, store
                                                           ? (sh   ? InstructionClass::SharedSt
                                                              : gl ? InstructionClass::GlobalSt
                                                                   : InstructionClass::GenericSt)
                                                           : (sh   ? InstructionClass::SharedLd
                                                              : gl ? InstructionClass::GlobalLd
                                                                   : InstructionClass::GenericLd));
}
void op_wmma_mma(Lower& l) {
  int m, n, k;
  Types t = types_of(l);
  if (!shape_of(l, m, n, k)) l.bad("wmma shape");
  if (t.n == 2) {
    t.t[3] = t[1];
    t.t[1] = t.t[2] = "f16";
    t.n = 4;
  }  // .dtype.ctype: f16 operands
  if (t.n != 4) l.bad("wmma types");
  const Frag *fa = make_frag('a', m, n, k, t[1]), *fb = make_frag('b', m, n, k, t[2]),
             *fc = make_frag('c', m, n, k, t[3]), *fd = make_frag('c', m, n, k, t[0]);
  const bool tr = m == 8 && n == 32, f64 = t[1] == "f64";
  const int tiles = m * n == 256 ? 2 : 1, rh = m == 8 && n == 8 ? 1 : 2, j = k / (4 * packed(t[1]));
  Handler h = (m * n == 256 || m * n == 64) && j
                  ? find(t[0], t[1], t[2], t[3], l.has("satfinite"), l.has("xor"), rh, j, tiles)
                  : nullptr;
  if (!h) l.bad("this wmma shape and type is not supported");
  const PtxType st = f64 ? PtxType::B64 : PtxType::B32;
  std::vector<u32> d, a, b, c, r;
  for (auto* o : vector_operand(l, 0, (size_t)fd->regs)) d.push_back(l.dst(*o, f64 ? 8 : 4));
  for (auto* o : vector_operand(l, 1, (size_t)fa->regs)) a.push_back(l.src(*o, st));
  for (auto* o : vector_operand(l, 2, (size_t)fb->regs)) b.push_back(l.src(*o, st));
  for (auto* o : vector_operand(l, 3, (size_t)fc->regs))
    c.push_back(l.src(*o, f64 ? PtxType::F64 : t[3] == "f32" ? PtxType::F32 : PtxType::B32));
  if (tr) std::swap(a, b);
  auto take = [&](const std::vector<u32>& v, int first, int count) {
    for (int i = 0; i < count; i++) r.push_back(v[(size_t)(first + i)]);
  };
  const int nd = (int)d.size() / tiles, nc = (int)c.size() / tiles, na = rh * j;
  for (int i = 0; i < tiles; i++) {
    take(d, i * nd, nd);
    take(a, m == 16 || tiles == 1 ? 0 : i * na, na);
    take(b, m == 16 ? i * j : 0, j);
    take(c, i * nc, nc);
  }
  l.more(r);
  l.emit(h, InstructionClass::Tensor);
}
void op_wmma(Lower& l) {
  if (l.has("mma"))
    op_wmma_mma(l);
  else if (l.has("load"))
    op_wmma_mem(l, false);
  else if (l.has("store"))
    op_wmma_mem(l, true);
  else
    l.bad("unknown wmma instruction");
}
}  // namespace
VGPU_OP(wmma, op_wmma);
}  // namespace vgpu

// wgmma: asynchronous matrix multiply of a warpgroup. An operation is queued when the four warps
// issue it, and executed at the wait that covers it: only then are the operands in shared memory
// read and the accumulators changed. In between the accumulator registers hold NaNs (a "shadow" has
// their values), so that a program which touches them too early does not get away with it.
#include "tests/vgpu/src/isa/hopper_wgmma.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>
namespace vgpu::wgmma {
namespace {
State& state(Block& b) {
  HopperState& h = hop_of(b);
  if (!h.wgmma) {
    auto s = std::make_shared<State>();
    s->wg.resize((b.nwarps + 3) / 4);
    h.wgmma = s;
  }
  return *(State*)h.wgmma.get();
}
WarpGroup& group(Warp& w) { return state(*w.blk).wg[w.id / 4]; }

void write_back(Shadow& s) {
  for (u32 q = 0; q < 4; q++)
    if (s.regs[q])
      for (size_t j = 0; j < s.refs.size(); j++)
        memcpy((u8*)s.regs[q] + s.refs[j], &s.data[(j * 4 + q) * 32], 128);
}

[[noreturn]] void differ(Warp& w, const Instruction& I, const Op& op, u64 da, u64 db) {
  w.fault(ERR_LAUNCH_FAILURE, I, 0,
          format_text(
              "wgmma: warps %u and %u of a warpgroup execute different operations (instruction, "
              "descriptors or scale-d): A 0x%llx / 0x%llx, B 0x%llx / 0x%llx\n  the other one: %s",
              op.w->id, w.id, (unsigned long long)op.da, (unsigned long long)da,
              (unsigned long long)op.db, (unsigned long long)db, w.code->where(op.I).c_str()));
}
void release_waiters(Block& b, u32 first) {
  for (u32 k = first; k < first + 4; k++)
    for (auto& gr : b.warps[k].groups)
      if (gr.state == Group::Wait && gr.bar == kWaitWgmma) gr.state = Group::Ready;
}

// ---- instructions ----
// ops: accumulators, then A registers; I.a/I.b descriptors (I.a unused with A registers), I.c
// scale-d (I.x: negated); I.imm: Info*
void h_mma_async(Warp& w, const Instruction& I, u32) {
  if (!w.converge(I, ~0u)) return;
  const Info& f = *(const Info*)I.imm;
  const u32 q = w.id & 3, g0 = w.id & ~3u;
  Block& b = *w.blk;
  if (g0 + 4 > b.nwarps)
    w.fault(ERR_LAUNCH_FAILURE, I, 0,
            format_text("wgmma in warp %u: its warpgroup has only %u warps", w.id, b.nwarps - g0));
  if (w.lanes != ~0u || w.exited)
    w.fault(ERR_LAUNCH_FAILURE, I, 0, "wgmma needs all 32 lanes of the warp");
  WarpGroup& g = group(w);
  const u32* o = w.ops(I);
  u64 da = f.a_regs ? 0 : w.R<u64>(I.a)[0], db = w.R<u64>(I.b)[0];
  for (int i = 1; i < 32; i++)
    if (w.R<u64>(I.b)[i] != db || (!f.a_regs && w.R<u64>(I.a)[i] != da))
      w.fault(ERR_LAUNCH_FAILURE, I, i,
              "wgmma: the descriptor differs between the lanes of a warp");
  u32 sp = w.P(I.c) ^ (I.x ? ~0u : 0);
  if (sp && ~sp)
    w.fault(ERR_LAUNCH_FAILURE, I, 0, "wgmma: scale-d differs between the lanes of a warp");
  if (f.eager || w.frame != &w.root) {  // at once, when the fourth warp arrives
    if (!g.waits[q]) {
      if (!g.now) g.now = std::make_unique<Op>();
      Op& op = *g.now;
      if (!op.warps) {
        op.I = &I;
        op.info = &f;
        op.da = da;
        op.db = db;
        op.scale_d = sp & 1;
        op.w = &w;
      }
      if (op.I != &I || op.da != da || op.db != db || op.scale_d != (sp & 1))
        differ(w, I, op, da, db);
      op.warps |= 1u << q;
      if (f.a_regs)
        for (int i = 0; i < 4; i++) memcpy(op.a[q][i], w.R<u32>(o[f.nd + i]), 128);
      g.regs[q] = w.frame->regs;
      g.waits[q] = g.gen + 1;
      if (op.warps == 15) {
        run_op_in_place(op, g.regs, o);
        op.warps = 0;
        g.gen++;
        release_waiters(b, g0);
      }
    }
    if (g.gen < g.waits[q]) {
      w.park(I, ~0u, kWaitWgmma, 0);
      return;
    }
    g.waits[q] = 0;
    return;
  }
  u64 num = g.issued[q]++;
  if (num == g.base + g.ops.size()) {
    auto op = std::make_unique<Op>();
    op->I = &I;
    op->info = &f;
    op->da = da;
    op->db = db;
    op->scale_d = sp & 1;
    op->w = &w;
    // Accumulators already in flight?
    for (auto& s : g.shadows)
      if (s->refs.size() == f.nd && !memcmp(s->refs.data(), o, 4 * f.nd)) op->sh = s;
    if (!op->sh) {
      for (auto& s : g.shadows)
        for (u32 j = 0; j < f.nd; j++)
          if (std::find(s->refs.begin(), s->refs.end(), o[j]) != s->refs.end())
            w.fault(ERR_LAUNCH_FAILURE, I, 0,
                    "wgmma: the accumulators overlap those of an operation in flight in part "
                    "(wgmma.wait_group missing?)");
      op->sh = std::make_shared<Shadow>();
      memset(op->sh->regs, 0, sizeof op->sh->regs);
      op->sh->refs.assign(o, o + f.nd);
      op->sh->alloc();
      g.shadows.push_back(op->sh);
    }
    op->sh->live_ops++;
    g.ops.push_back(std::move(op));
  }
  Op& op = *g.ops[num - g.base];
  if (op.I != &I || op.da != da || op.db != db || op.scale_d != (sp & 1)) differ(w, I, op, da, db);
  op.warps |= 1u << q;
  if (f.a_regs)
    for (int i = 0; i < 4; i++) memcpy(op.a[q][i], w.R<u32>(o[f.nd + i]), 128);
  Shadow& s = *op.sh;
  if (!s.regs[q]) {
    s.regs[q] = w.frame->regs;
    for (u32 j = 0; j < f.nd; j++) {
      u32* r = w.R<u32>(o[j]);
      memcpy(&s.data[(j * 4 + q) * 32], r, 128);
      for (int i = 0; i < 32; i++)
        r[i] = 0x7fffdeadu;  // a NaN, also as two halves; as an integer: absurd
    }
  }
  if (b.parked) release_waiters(b, g0);
}
void h_wg_fence(Warp& w, const Instruction& I, u32) { w.converge(I, ~0u); }
void h_wg_commit(Warp& w, const Instruction& I, u32) {
  if (!w.converge(I, ~0u)) return;
  if (!w.blk->hop || !w.blk->hop->wgmma) return;
  WarpGroup& g = group(w);
  g.groups[w.id & 3].push_back(g.issued[w.id & 3]);
}
void h_wg_wait(Warp& w, const Instruction& I, u32) {
  if (!w.converge(I, ~0u)) return;
  if (!w.blk->hop || !w.blk->hop->wgmma) return;
  WarpGroup& g = group(w);
  const u32 q = w.id & 3;
  auto& gr = g.groups[q];
  if (gr.size() <= (u64)I.imm) return;
  const u64 upto = gr[gr.size() - 1 - (size_t)I.imm];
  for (u32 k = 0; k < 4; k++) {
    if (g.issued[k] >= upto) continue;
    if (w.blk->warps[(w.id & ~3u) + k].done())
      w.fault(ERR_LAUNCH_FAILURE, I, 0,
              format_text(
                  "wgmma: warp %u of the warpgroup ended without executing an operation that warp "
                  "%u waits for",
                  (w.id & ~3u) + k, w.id));
    w.park(I, ~0u, kWaitWgmma, 0);
    return;
  }
  gr.erase(gr.begin(), gr.end() - (long)I.imm);
  while (g.base < upto) {
    Op& op = *g.ops.front();
    run_op(op);
    if (--op.sh->live_ops == 0) {
      write_back(*op.sh);
      g.shadows.erase(std::find(g.shadows.begin(), g.shadows.end(), op.sh));
    }
    g.ops.pop_front();
    g.base++;
  }
}

int parse_shape(std::string_view m, u32& n, u32& k) {
  // m64nNkK
  if (m.substr(0, 4) != "m64n") return 0;
  size_t p = m.find('k');
  if (p == m.npos) return 0;
  n = (u32)atoi(std::string(m.substr(4, p - 4)).c_str());
  k = (u32)atoi(std::string(m.substr(p + 1)).c_str());
  return 1;
}
// Statements between an operation and its wait that touch the accumulators. Copies are the
// compiler's doing (ptxas coalesces them, or serialises): they would copy poison here, so such a
// function computes at once. Anything else is the program's: it gets the poison, and a note.
bool wants_eager(Lower& l) {
  const Body& b = *l.fb.code.body;
  bool eager = false;
  std::vector<u32> mark(b.stmts.size() + 1, 0), todo;
  for (u32 start = 0; start < b.stmts.size(); start++) {
    const Stmt& m = b.stmts[start];
    if (m.op != "wgmma" || m.ops.empty() || m.ops[0].kind != PtxOperand::Vec) continue;
    std::vector<u8> acc(b.regs.size(), 0);
    for (auto& o : m.ops[0].sub)
      if (o.kind == PtxOperand::Reg) acc[o.reg] = 1;
    todo.assign(1, start + 1);
    while (!todo.empty()) {
      u32 i = todo.back();
      todo.pop_back();
      for (; i < b.stmts.size() && mark[i] != start + 1; i++) {
        mark[i] = start + 1;
        const Stmt& s = b.stmts[i];
        if (s.op == "wgmma") {
          if (!s.mods.empty() && s.mods[0] == "wait_group") break;
          continue;
        }
        if (s.op == "ret" || s.op == "exit" || s.op == "brx" || s.op == "trap") break;
        if (s.op == "bra") {
          long t = s.ops.empty() ? -1 : b.find_label(s.scope, s.ops[0].text);
          if (t >= 0) todo.push_back((u32)t);
          if (s.guard < 0) break;
          continue;
        }
        bool hit = false;
        for (auto& o : s.ops) {
          if (o.kind == PtxOperand::Reg) hit |= acc[o.reg];
          for (auto& p : o.sub)
            if (p.kind == PtxOperand::Reg) hit |= acc[p.reg];
        }
        if (!hit) continue;
        if (s.op == "mov")
          eager = true;
        else {
          static std::mutex mu;
          static std::set<std::string> said;
          std::lock_guard lk(mu);
          if (said.insert(l.fb.code.decl->name).second)
            log_line(format_text(
                "note: %s, PTX line %u (source line %u) uses an accumulator of the wgmma at "
                "PTX line %u before wgmma.wait_group (its registers hold NaNs until then)",
                l.fb.code.decl->name.c_str(), s.line, s.src_line, m.line));
        }
      }
    }
  }
  return eager;
}
void op_mma_async(Lower& l) {
  static auto* keep = new std::deque<Info>;
  static std::mutex mu;
  Info f{};
  u32 n = 0, k = 0;
  bool found = false;
  for (auto m : l.s.mods)
    if (!found) found = parse_shape(m, n, k);
  if (!found) l.bad("shape");
  if (l.has("sp")) l.bad("sparse wgmma is not implemented");
  f.n = (u16)n;
  f.k = (u16)k;
  if (n < 8 || n > 256 || n % 8) l.bad("N must be a multiple of 8 from 8 to 256");
  auto el = [&](PtxType t) -> El {
    switch (t) {
      case PtxType::F16:
        return E_F16;
      case PtxType::BF16:
        return E_BF16;
      case PtxType::TF32:
        return E_TF32;
      case PtxType::E4M3:
        return E_E4M3;
      case PtxType::E5M2:
        return E_E5M2;
      case PtxType::S8:
        return E_S8;
      case PtxType::U8:
        return E_U8;
      default:
        l.bad("operand type is not implemented");
    }
  };
  PtxType td = l.ty(0);
  f.ta = el(l.ty(1));
  f.tb = el(l.ty(2));
  f.acc = td == PtxType::F32   ? A_F32
          : td == PtxType::F16 ? A_F16
          : td == PtxType::S32 ? A_S32
                               : (l.bad("accumulator type"), A_F32);
  const int es = el_size(f.ta);
  if (k != 32u / es || el_size(f.tb) != es) l.bad("K does not fit the operand types");
  const bool is_int = f.ta >= E_S8;
  if (is_int != (f.acc == A_S32) || (f.acc == A_F16 && (f.ta == E_BF16 || f.ta == E_TF32)))
    l.bad("types do not go together");
  if (is_int && n > 32 && n % 16) l.bad("N for 8-bit integers must be 8, 24, or a multiple of 16");
  f.sat = l.has("satfinite");
  f.nd = f.acc == A_F16 ? n / 4 : n / 2;
  const PtxOperand &d = l.op(0), &a = l.op(1);
  if (d.kind != PtxOperand::Vec || d.sub.size() != f.nd)
    l.bad(format_text("%u accumulator registers expected", f.nd));
  std::vector<u32> refs;
  for (auto& o : d.sub) refs.push_back(l.dst(o, 4));
  for (auto& o : d.sub) l.src(o, PtxType::B32);
  f.a_regs = a.kind == PtxOperand::Vec;
  if (f.a_regs) {
    if (a.sub.size() != 4) l.bad("4 registers of A expected");
    for (auto& o : a.sub) refs.push_back(l.src(o, PtxType::B32));
  } else
    l.I.a = l.src(a, PtxType::B64);
  l.I.b = l.src(2, PtxType::B64);
  bool neg = false;
  l.I.c = l.pred_src(l.op(3), neg);
  l.I.x = neg;
  if (!is_int) {
    auto sgn = [&](size_t i) {
      s64 v = (s64)l.imm_value(l.op(i), PtxType::B64);
      if (v != 1 && v != -1 && (u32)v != 0xffffffffu) l.bad("imm-scale must be 1 or -1");
      return v != 1;
    };
    f.neg_a = sgn(4);
    f.neg_b = sgn(5);
    if (es == 2) {
      size_t i = 6;
      if (!f.a_regs) f.tr_a = l.imm_value(l.op(i++), PtxType::U32) != 0;
      f.tr_b = l.imm_value(l.op(i), PtxType::U32) != 0;
    }
  }
  static const bool eager = !strcmp(environment_text("VGPU_WGMMA", ""), "eager");
  static std::unordered_map<std::string, bool> eager_fn;  // per function of a module
  {
    std::lock_guard lk(mu);
    std::string key = format_text("%p ", (const void*)l.fb.code.module) + l.fb.code.decl->name;
    auto it = eager_fn.find(key);
    if (it == eager_fn.end()) it = eager_fn.emplace(key, wants_eager(l)).first;
    f.eager = eager || it->second;
  }
  l.more(refs);
  std::lock_guard lk(mu);
  keep->push_back(f);
  l.I.imm = (s64)&keep->back();
  l.emit(h_mma_async, InstructionClass::Tensor);
}
void op_wgmma(Lower& l) {
  if (l.has("mma_async")) {
    op_mma_async(l);
    return;
  }
  if (l.has("fence")) {
    l.emit(h_wg_fence, InstructionClass::Barrier);
    return;
  }
  if (l.has("commit_group")) {
    l.emit(h_wg_commit, InstructionClass::Barrier);
    return;
  }
  if (!l.has("wait_group")) l.bad("wgmma form");
  l.I.imm = (s64)l.imm_value(l.op(0), PtxType::U32);
  // The wait writes the accumulators: they must keep their places until here.
  auto& uses = l.fb.flow[l.fb.cur].uses;
  std::vector<u8> seen(l.fb.code.body->regs.size(), 0);
  for (auto& s : l.fb.code.body->stmts)
    if (s.op == "wgmma" && !s.ops.empty() && s.ops[0].kind == PtxOperand::Vec)
      for (auto& o : s.ops[0].sub)
        if (o.kind == PtxOperand::Reg && !seen[o.reg]) {
          seen[o.reg] = 1;
          uses.push_back(o.reg);
        }
  l.emit(h_wg_wait, InstructionClass::Barrier);
}
}  // namespace
VGPU_OP(wgmma, op_wgmma);
}  // namespace vgpu::wgmma

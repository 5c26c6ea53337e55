#include "tests/vgpu/src/ptx/lower.h"

#include <mutex>
#include <set>

#include "tests/vgpu/src/exec/memory.h"
#include "tests/vgpu/src/ptx/builder.h"
#include "tests/vgpu/src/ptx/parser.h"
namespace vgpu {

// ---- opcode table ----
static std::unordered_map<std::string_view, LowerFn>& op_table() {
  static auto* t = new std::unordered_map<std::string_view, LowerFn>;
  return *t;
}
OpReg::OpReg(const char* name, LowerFn f) { op_table()[name] = f; }
LowerFn find_op(std::string_view name) {
  auto it = op_table().find(name);
  return it == op_table().end() ? nullptr : it->second;
}

// ---- function addresses ----
static std::mutex g_fn_mu;
static std::vector<std::string>& fn_names() {
  static auto* v = new std::vector<std::string>;
  return *v;
}
u64 function_handle(const std::string& name) {
  std::lock_guard l(g_fn_mu);
  auto& v = fn_names();
  for (size_t i = 0; i < v.size(); i++)
    if (v[i] == name) return kFuncWindow | (i + 1) * 16;
  v.push_back(name);
  return kFuncWindow | v.size() * 16;
}
const std::string* function_of_handle(u64 h) {
  std::lock_guard l(g_fn_mu);
  if ((h & kWindowMask) != kFuncWindow) return nullptr;
  u64 i = (h & ~kWindowMask) / 16;
  return i >= 1 && i <= fn_names().size() ? &fn_names()[i - 1] : nullptr;
}

// ---- Code ----
Code::~Code() { free(pool); }
std::string Code::where(const Instruction* i) const {
  size_t k = i - code.data();
  if (k >= stmt.size()) return decl->name + ": end of function";
  const Stmt& s = body->stmts[stmt[k]];
  // Show the source line of the PTX text.
  const char* b = s.text.data();
  const char* e = b;
  const char* end = module->src.data() + module->src.size();
  while (e < end && *e != ';') e++;
  std::string t;
  for (const char* p = b; p < e; p++) {
    bool sp = isspace((u8)*p);
    if (!sp || (!t.empty() && t.back() != ' ')) t += sp ? ' ' : *p;
  }
  std::string r = format_text("%s, PTX line %u", decl->name.c_str(), s.line);
  if (s.src_line) r += format_text(" (source line %u)", s.src_line);
  return r + ": " + (s.guard >= 0 ? "@p " : "") + t;
}

const char* kl_name(InstructionClass k) {
  static const char* n[] = {"int",       "fp32",       "fp64",       "half",      "tensor",
                            "sfu",       "convert",    "move",       "global_ld", "global_st",
                            "shared_ld", "shared_st",  "local_ld",   "local_st",  "const_ld",
                            "param_ld",  "generic_ld", "generic_st", "atomic",    "shuffle",
                            "barrier",   "control",    "async_copy", "other"};
  static_assert(sizeof(n) / sizeof(*n) == (size_t)InstructionClass::Count);
  return n[(int)k];
}

// ---- FnBuilder ----
u32 FnBuilder::constant(u64 lo, u64 hi, int bytes) {
  if (bytes < 8) lo &= (1ull << (8 * bytes)) - 1;
  u64 key = bytes == 16 ? lo * 0x9E3779B97F4A7C15ull ^ hi : lo;
  auto it = pool_index[bytes].find(key);
  if (it != pool_index[bytes].end() && bytes != 16) return it->second;
  u32 off = (u32)pool.size();
  pool.resize(off + std::max(64, bytes * 32));
  for (int i = 0; i < 32; i++) {
    if (bytes == 16) {
      u64 v[2] = {lo, hi};
      memcpy(&pool[off + i * 16], v, 16);
    } else
      memcpy(&pool[off + i * bytes], &lo, bytes);
  }
  pool_index[bytes][key] = off | 1;
  return off | 1;
}
u32 FnBuilder::new_reg(PtxType ty, int bytes) {
  code.body->regs.push_back({ty, (u8)bytes, "%tmp", 0});
  return (u32)code.body->regs.size() - 1;
}

bool FnBuilder::global_symbol(std::string_view name, s64 off, u64& value, Space& sp) {
  std::string n(name);
  auto it = prog.module->var_index.find(n);
  if (it != prog.module->var_index.end()) {
    const VarDecl& v = prog.module->vars[it->second];
    sp = v.space;
    if (v.space == Space::Shared) {
      value = (v.is_extern && v.unsized ? prog.dyn_shared : prog.shared_off.at(n)) + off;
      return true;
    }
    if (!syms.address(n, value)) return false;
    value += off;
    return true;
  }
  if (prog.module->func_index.count(n)) {
    sp = Space::Generic;
    value = function_handle(n);
    return true;
  }
  return false;
}

// ---- Lower ----
void Lower::bad(const std::string& why) const {
  throw PtxError(format_text("%s, PTX line %u: %s: %.*s", fb.code.decl->name.c_str(), s.line,
                             why.c_str(), (int)s.text.size(), s.text.data()));
}
PtxType Lower::ty(int n) const {
  for (auto m : s.mods) {
    PtxType t = parse_ty(m);
    if (t != PtxType::None && n-- == 0) return t;
  }
  return PtxType::None;
}
Space Lower::space() const {
  for (auto m : s.mods) {
    if (m == "global") return Space::Global;
    if (m == "shared" || m == "shared::cta" || m == "shared::cluster") return Space::Shared;
    if (m == "local") return Space::Local;
    if (m == "const") return Space::Const;
    if (m == "param" || m == "param::entry" || m == "param::func") return Space::Param;
  }
  return Space::None;
}
int Lower::vec() const {
  if (has("v2")) return 2;
  if (has("v4")) return 4;
  if (has("v8")) return 8;
  return 1;
}
const PtxOperand& Lower::op(size_t i) const {
  if (i >= s.ops.size()) bad("missing operand");
  return s.ops[i];
}
int Lower::reg_size(const PtxOperand& o) const {
  return o.kind == PtxOperand::Reg ? fb.code.body->regs[o.reg].size : 0;
}

u32 Lower::dst(const PtxOperand& o, int bytes) {
  auto& f = fb.flow[fb.cur];
  u32 r;
  if (o.kind == PtxOperand::Sink)
    r = fb.new_reg(PtxType::None, bytes ? bytes : 8);
  else if (o.kind == PtxOperand::Reg) {
    r = o.reg;
    if (bytes && fb.code.body->regs[r].size != bytes)
      bad(format_text("destination register has %d bytes, expected %d", fb.code.body->regs[r].size,
                      bytes));
    if (fb.code.body->regs[r].ty == PtxType::Pred) bad("destination is a predicate");
  } else
    bad("bad destination operand");
  f.defs.push_back(r);
  return r * 2;
}
u64 Lower::imm_value(const PtxOperand& o, PtxType t) const {
  if (o.kind != PtxOperand::Imm) bad("expected an immediate");
  switch (t) {
    case PtxType::F32:
    case PtxType::TF32:
      if (o.imm_kind == TokenKind::F64) return bitcast<u32>((float)bitcast<double>(o.bits));
      if (o.imm_kind == TokenKind::Int) return bitcast<u32>((float)(s64)o.bits);
      return o.bits;
    case PtxType::F64:
      if (o.imm_kind == TokenKind::F32) return bitcast<u64>((double)bitcast<float>((u32)o.bits));
      if (o.imm_kind == TokenKind::Int) return bitcast<u64>((double)(s64)o.bits);
      return o.bits;
    default:
      return o.bits;
  }
}
u32 Lower::imm32(u32 v) { return fb.constant(v, 0, 4); }
u32 Lower::imm64(u64 v) { return fb.constant(v, 0, 8); }
u32 Lower::src(const PtxOperand& o, PtxType t) {
  int bytes = std::max(2, ty_size(t));
  if (o.kind == PtxOperand::Reg) {
    auto& ri = fb.code.body->regs[o.reg];
    if (ri.ty == PtxType::Pred) bad("source is a predicate");
    if (t != PtxType::None && ri.size != bytes)
      bad(format_text("source register has %d bytes, expected %d", ri.size, bytes));
    fb.flow[fb.cur].uses.push_back(o.reg);
    return o.reg * 2;
  }
  if (o.kind == PtxOperand::Imm) return fb.constant(imm_value(o, t), 0, bytes);
  if (o.kind == PtxOperand::Sym) {
    u64 v;
    Space sp;
    if (o.var >= 0) {
      const VarDecl& d = fb.code.body->vars[o.var];
      if (d.space == Space::Shared) return fb.constant(d.offset + o.off, 0, bytes);
    } else if (fb.global_symbol(o.text, o.off, v, sp))
      return fb.constant(v, 0, bytes);
    bad("unknown symbol " + std::string(o.text));
  }
  if (o.kind == PtxOperand::Special) {
    // A special register used directly: read it into a temporary first.
    PtxOperand tmp;
    tmp.kind = PtxOperand::Reg;
    tmp.reg = fb.new_reg(t, bytes);
    Stmt mv = s;
    mv.guard = -1;
    mv.op = "mov";
    mv.mods = {bytes == 8 ? "u64" : "u32"};
    mv.ops = {tmp, o};
    Lower l{fb, mv, {}};
    find_op("mov")(l);
    return tmp.reg * 2;
  }
  bad("bad source operand");
}
u32 Lower::pred_dst(const PtxOperand& o) {
  if (o.kind == PtxOperand::Sink) {
    u32 r = fb.new_reg(PtxType::Pred, 4);
    fb.flow[fb.cur].defs.push_back(r);
    return r * 2;
  }
  if (o.kind != PtxOperand::Reg || fb.code.body->regs[o.reg].ty != PtxType::Pred)
    bad("expected a predicate destination");
  fb.flow[fb.cur].defs.push_back(o.reg);
  return o.reg * 2;
}
u32 Lower::pred_src(const PtxOperand& o, bool& neg) {
  neg = o.neg;
  if (o.kind == PtxOperand::Imm) return fb.constant(o.bits ? ~0u : 0u, 0, 4);
  if (o.kind != PtxOperand::Reg || fb.code.body->regs[o.reg].ty != PtxType::Pred)
    bad("expected a predicate");
  fb.flow[fb.cur].uses.push_back(o.reg);
  return o.reg * 2;
}
void Lower::more(const std::vector<u32>& refs) {
  I.aux = (u32)fb.code.ops.size();
  fb.code.ops.insert(fb.code.ops.end(), refs.begin(), refs.end());
}
u16 Lower::mem_slot() {
  if (fb.code.nmem >= 65535) bad("too many memory instructions");
  return (u16)fb.code.nmem++;
}
void Lower::address(const PtxOperand& o, Space& sp) {
  if (o.kind != PtxOperand::Addr) bad("expected an address");
  const PtxOperand& b = o.sub[0];
  I.imm = o.off;
  if (b.kind == PtxOperand::Reg) {
    int sz = reg_size(b);
    if (sz != 4 && sz != 8) bad("address register must have 32 or 64 bits");
    I.a = src(b, PtxType::None);
    if (sz == 4) I.x |= 2;
    if (sp == Space::Param) sp = fb.code.decl->entry ? Space::Global : Space::Local;
    if (sp == Space::None) sp = Space::Generic;
    return;
  }
  if (b.kind == PtxOperand::Imm) {
    I.a = imm64(b.bits);
    if (sp == Space::None) sp = Space::Generic;
    return;
  }
  if (b.kind != PtxOperand::Sym) bad("bad address");
  if (b.var >= 0) {
    const VarDecl& v = fb.code.body->vars[b.var];
    I.imm += v.offset;
    if (v.kernel_param) {
      sp = Space::Param;
      return;
    }
    if (v.space == Space::Shared) {
      sp = Space::Shared;
      I.a = imm32(0);
      I.x |= 2;
      return;
    }
    sp = Space::Local;
    I.a = imm64(0);
    I.x |= 1;
    return;
  }
  u64 v;
  Space vs;
  if (!fb.global_symbol(b.text, 0, v, vs)) bad("unknown symbol " + std::string(b.text));
  if (vs == Space::Shared) {
    I.a = imm32(0);
    I.x |= 2;
    I.imm += (s64)v;
    sp = Space::Shared;
  } else {
    I.a = imm64(v);
    sp = Space::Global;
  }
}
void Lower::emit() {
  if (s.guard >= 0) {
    I.guard = (u32)s.guard * 2;
    I.gxor = s.guard_neg ? ~0u : 0;
    auto& f = fb.flow[fb.cur];
    f.uses.push_back((u32)s.guard);
    f.guarded = true;
  }
  fb.code.code.push_back(I);
  fb.code.stmt.push_back(fb.cur);
  Instruction fresh;
  I = fresh;
}

// ---- compiling a kernel ----
static u32 up(u32 v, u32 a) { return a ? (v + a - 1) / a * a : v; }

static void scan_symbols(const PtxOperand& o, std::set<std::string>& out) {
  if (o.kind == PtxOperand::Sym && o.var < 0) out.insert(std::string(o.text));
  for (auto& x : o.sub) scan_symbols(x, out);
}

static void lower_function(Program& p, Code& c, const SymbolTable& syms) {
  FnBuilder fb{p, c, syms, {}, {}, 0, {}, {}, {}, {}};
  Body& b = *c.body;
  fb.flow.resize(b.stmts.size() + 1);
  fb.stmt_start.resize(b.stmts.size() + 1);
  fb.constant(0, 0, 8);  // pool offset 0: zero
  for (u32 i = 0; i < b.stmts.size(); i++) {
    fb.cur = i;
    fb.stmt_start[i] = (u32)c.code.size();
    const Stmt& s = b.stmts[i];
    LowerFn f = nullptr;  // the most specific name that is registered: "fence.proxy" before "fence"
    for (std::string_view t = s.text; !(f = find_op(t)) && t.rfind('.') != t.npos;)
      t = t.substr(0, t.rfind('.'));
    Lower l{fb, s, {}};
    if (!f) l.bad("unknown opcode");
    f(l);
  }
  fb.cur = (u32)b.stmts.size();
  fb.stmt_start[fb.cur] = (u32)c.code.size();
  {  // falling off the end returns
    static const Stmt ret = [] {
      Stmt s;
      s.text = s.op = "ret";
      return s;
    }();
    Lower l{fb, ret, {}};
    find_op("ret")(l);
    c.stmt.pop_back();
  }
  for (auto& p2 : fb.branch_patches) c.code[p2.instr].target = fb.stmt_start[p2.stmt];
  for (auto& [e, st] : fb.jump_patches) c.jump[e] = fb.stmt_start[st];
  allocate_registers(fb);
  c.pool_bytes = up((u32)fb.pool.size(), 64);
  c.pool = (u8*)aligned_alloc(64, c.pool_bytes);
  memcpy(c.pool, fb.pool.data(), fb.pool.size());
}

std::unique_ptr<Program> compile_kernel(const Module& m, const SymbolTable& syms,
                                        const std::string& kernel) {
  auto p = std::make_unique<Program>();
  p->module = &m;
  std::vector<std::string> todo{kernel};
  std::set<std::string> symbols;
  std::vector<std::set<u32>> calls;  // call graph, by index
  std::vector<std::vector<std::string>> callee_names;
  bool indirect = false;
  auto add = [&](const std::string& n) {
    if (p->by_name.count(n)) return;
    auto it = m.func_index.find(n);
    if (it == m.func_index.end() || !m.funcs[it->second].has_body) return;
    auto c = std::make_unique<Code>();
    c->module = &m;
    c->decl = &m.funcs[it->second];
    c->prog = p.get();
    c->index = (u32)p->codes.size();
    c->body = parse_body(m, *c->decl);
    p->by_name[n] = c->index;
    std::vector<std::string> names;
    for (auto& s : c->body->stmts) {
      std::set<std::string> here;
      for (auto& o : s.ops) scan_symbols(o, here);
      symbols.insert(here.begin(), here.end());
      if (s.op == "call") {
        for (auto& o : s.ops) {
          if (o.kind == PtxOperand::Vec) continue;
          if (o.kind == PtxOperand::Reg)
            indirect = true;
          else if (o.kind == PtxOperand::Sym)
            names.push_back(std::string(o.text));
          break;
        }
      }
    }
    callee_names.push_back(names);
    p->codes.push_back(std::move(c));
  };
  add(kernel);
  if (p->codes.empty()) throw PtxError("kernel " + kernel + " not found in the PTX");
  bool all_added = false;
  for (size_t i = 0; i < p->codes.size() || (indirect && !all_added); i++) {
    if (i < p->codes.size()) {
      auto names = callee_names[i];
      for (auto& n : names) add(n);
    }
    if (i + 1 >= p->codes.size() && indirect && !all_added) {
      all_added = true;
      for (auto& f : m.funcs)
        if (!f.entry && f.has_body) add(f.name);
    }
  }
  p->has_calls = p->codes.size() > 1;

  // Shared memory: module-scope variables that are used, then function-scope ones, then the dynamic
  // part.
  u32 sh = 0, dyn_align = 16;
  for (auto& n : symbols) {
    auto it = m.var_index.find(n);
    if (it == m.var_index.end()) continue;
    const VarDecl& v = m.vars[it->second];
    if (v.space != Space::Shared) continue;
    if (v.is_extern && v.unsized) {
      dyn_align = std::max(dyn_align, v.align);
      continue;
    }
    sh = up(sh, v.align);
    p->shared_off[n] = sh;
    sh += (u32)v.size;
  }
  for (auto& c : p->codes) {
    u32 loc = 0;
    for (auto& v : c->body->vars) {
      if (v.space == Space::Shared) {
        sh = up(sh, v.align);
        v.offset = sh;
        sh += (u32)v.size;
      } else if (!v.kernel_param) {
        loc = up(loc, std::max(v.align, 1u));
        v.offset = loc;
        loc += (u32)v.size;
      }
    }
    c->local_bytes = up(loc, 16);
  }
  p->static_shared = sh;
  p->dyn_shared = up(sh, dyn_align);
  for (auto& v : p->codes[0]->decl->params)
    p->param_bytes = std::max(p->param_bytes, v.offset + (u32)v.size);

  for (size_t i = 0; i < p->codes.size(); i++) lower_function(*p, *p->codes[i], syms);

  // Local memory per lane: the deepest chain of calls, or a fixed stack if calls recurse or are
  // indirect.
  std::vector<int> state(p->codes.size(), 0);
  std::vector<u32> need(p->codes.size(), 0);
  bool recursive = indirect;
  auto visit = [&](auto& self, u32 i) -> u32 {
    if (state[i] == 2) return need[i];
    if (state[i] == 1) {
      recursive = true;
      return 0;
    }
    state[i] = 1;
    u32 below = 0;
    for (auto& n : callee_names[i]) {
      auto it = p->by_name.find(n);
      if (it != p->by_name.end()) below = std::max(below, self(self, it->second));
    }
    need[i] = p->codes[i]->local_bytes + 16 + below;
    state[i] = 2;
    return need[i];
  };
  u32 deepest = visit(visit, 0);
  p->local_per_lane =
      up(recursive ? std::max<u32>(deepest, (u32)environment_number("VGPU_STACK", 65536)) : deepest,
         64) +
      64;
  return p;
}
}  // namespace vgpu

#include "tests/vgpu/src/ptx/parser.h"
namespace vgpu {

long Body::find_label(int scope, std::string_view name) const {
  for (int s = scope;; s = scope_parent[s]) {
    auto it = labels.find({s, name});
    if (it != labels.end()) return it->second;
    if (s == 0) return -1;
  }
}
const std::vector<std::string_view>* Body::find_targets(int scope, std::string_view name) const {
  for (int s = scope;; s = scope_parent[s]) {
    auto it = branch_targets.find({s, name});
    if (it != branch_targets.end()) return &it->second;
    if (s == 0) return nullptr;
  }
}

namespace {
struct Cursor {
  const std::vector<Token>& t;
  size_t i;
  const Token& peek(int k = 0) const { return t[std::min(i + k, t.size() - 1)]; }
  const Token& next() {
    const Token& r = t[i];
    if (i + 1 < t.size()) i++;
    return r;
  }
  bool accept(char c) {
    if (peek().is(c)) {
      next();
      return true;
    }
    return false;
  }
  bool accept(std::string_view s) {
    if (peek().is(s)) {
      next();
      return true;
    }
    return false;
  }
  [[noreturn]] void err(const std::string& what) const {
    throw PtxError(strf("PTX line %u: %s near '%.*s'", peek().line, what.c_str(),
                        (int)peek().text.size(), peek().text.data()));
  }
  void expect(char c) {
    if (!accept(c)) err(strf("expected '%c'", c));
  }
  std::string_view ident() {
    if (peek().kind != Tk::Ident) err("expected a name");
    return next().text;
  }
  u64 integer() {
    bool neg = accept('-');
    if (peek().kind != Tk::Int) err("expected an integer");
    u64 v = next().bits;
    return neg ? (u64) - (s64)v : v;
  }
};

u64 align_up(u64 v, u64 a) { return a ? (v + a - 1) / a * a : v; }

Space space_of(std::string_view s) {
  if (s == ".global") return Space::Global;
  if (s == ".const") return Space::Const;
  if (s == ".shared" || s == ".shared::cta") return Space::Shared;
  if (s == ".local") return Space::Local;
  if (s == ".param") return Space::Param;
  return Space::None;
}

// One initialiser value: number, generic(sym)+n, sym+n, or mask(sym) forms.
InitItem parse_init(Cursor& c, int bytes) {
  InitItem it;
  it.bytes = bytes;
  bool neg = c.accept('-');
  const Token& t = c.peek();
  if (t.kind == Tk::Int) {
    u64 v = c.next().bits;
    if (c.peek().is('(')) {  // 0xFF00(sym): one byte of an address
      c.next();
      InitItem in = parse_init(c, bytes);
      c.expect(')');
      while (v && !(v & 1)) {
        v >>= 1;
        in.shift++;
      }
      in.bytes = bytes;
      return in;
    }
    it.bits = neg ? (u64) - (s64)v : v;
    return it;
  }
  if (t.kind == Tk::F32) {
    c.next();
    it.bits = bytes == 8 ? bitcast<u64>((double)bitcast<float>((u32)t.bits)) : t.bits;
    return it;
  }
  if (t.kind == Tk::F64) {
    c.next();
    double d = bitcast<double>(t.bits);
    it.bits = bytes == 4 ? bitcast<u32>((float)d) : t.bits;
    if (neg) it.bits ^= bytes == 4 ? 0x80000000ull : 1ull << 63;
    return it;
  }
  if (t.is("generic")) {
    c.next();
    c.expect('(');
    it.sym = std::string(c.ident());
    c.expect(')');
  } else
    it.sym = std::string(c.ident());
  if (c.accept('+'))
    it.add = (s64)c.integer();
  else if (c.peek().is('-'))
    it.add = (s64)c.integer();
  return it;
}
void parse_init_list(Cursor& c, int bytes, std::vector<InitItem>& out) {
  if (c.accept('{')) {
    if (c.accept('}')) return;
    do parse_init_list(c, bytes, out);
    while (c.accept(','));
    c.expect('}');
  } else
    out.push_back(parse_init(c, bytes));
}

// After the state-space directive: [.attribute] [.align n] [.vN] .type name [dims] [= init]
VarDecl parse_var(Cursor& c, Space sp) {
  VarDecl v;
  v.space = sp;
  int vec = 1;
  for (;;) {
    std::string_view w = c.peek().kind == Tk::Ident ? c.peek().text : std::string_view();
    if (w == ".align") {
      c.next();
      v.align = (u32)c.integer();
    } else if (w == ".v2" || w == ".v4" || w == ".v8") {
      vec = w[2] - '0';
      c.next();
    } else if (w == ".attribute") {
      c.next();
      c.expect('(');
      while (!c.peek().is(')'))
        if (c.next().is(".managed")) v.managed = true;
      c.expect(')');
    } else if (w == ".ptr") {
      c.next();
    } else if (sp == Space::Param &&
               (w == ".global" || w == ".shared" || w == ".local" || w == ".const"))
      c.next();
    else if (!w.empty() && w[0] == '.') {
      Ty t = parse_ty(w.substr(1));
      if (t == Ty::None) {
        if (w == ".texref" || w == ".samplerref" || w == ".surfref")
          t = Ty::U64;
        else
          c.err("unknown type in a declaration");
      }
      v.ty = t;
      c.next();
    } else
      break;
  }
  v.name = std::string(c.ident());
  u64 n = vec;
  while (c.accept('[')) {
    if (c.accept(']')) {
      v.unsized = true;
      n = 0;
      continue;
    }
    n *= c.integer();
    c.expect(']');
  }
  v.size = n * ty_size(v.ty);
  if (!v.align) v.align = ty_size(v.ty) * vec;
  if (c.accept('=')) {
    parse_init_list(c, ty_size(v.ty), v.init);
    if (v.unsized) {
      v.size = v.init.size() * ty_size(v.ty);
      v.unsized = false;
    }
  }
  return v;
}

std::vector<VarDecl> parse_params(Cursor& c, bool kernel) {
  std::vector<VarDecl> out;
  c.expect('(');
  if (c.accept(')')) return out;
  u32 off = 0;
  do {
    if (c.peek().is("_")) {
      c.next();
      continue;
    }
    std::string_view w = c.ident();
    if (w != ".param") c.err("only .param parameters are supported");
    VarDecl v = parse_var(c, Space::Param);
    v.kernel_param = kernel;
    off = (u32)align_up(off, v.align);
    v.offset = off;
    off += (u32)v.size;
    out.push_back(std::move(v));
  } while (c.accept(','));
  c.expect(')');
  return out;
}

void skip_braces(Cursor& c) {
  int depth = 1;
  while (depth) {
    const Token& t = c.next();
    if (t.kind == Tk::End) c.err("unbalanced braces");
    if (t.is('{')) depth++;
    if (t.is('}')) depth--;
  }
}
}  // namespace

std::unique_ptr<Module> parse_module(std::string ptx) {
  auto m = std::make_unique<Module>();
  m->src = std::move(ptx);
  m->toks = lex_ptx(m->src);
  Cursor c{m->toks, 0};
  bool ext = false;
  while (c.peek().kind != Tk::End) {
    const Token& t = c.peek();
    if (t.kind != Tk::Ident) c.err("unexpected token at module scope");
    std::string_view w = t.text;
    if (w == ".version") {
      c.next();
      double v = bitcast<double>(c.next().bits);
      m->ptx_version = (int)(v * 10 + 0.5);
    } else if (w == ".target") {
      c.next();
      do {
        std::string_view a = c.ident();
        if (a.substr(0, 3) == "sm_") m->target = atoi(std::string(a.substr(3)).c_str());
      } while (c.accept(','));
    } else if (w == ".address_size") {
      c.next();
      c.integer();
    } else if (w == ".file") {
      c.next();
      c.integer();
      c.next();
      while (c.accept(',')) c.integer();
    } else if (w == ".section") {
      c.next();
      while (!c.peek().is('{')) c.next();
      c.next();
      skip_braces(c);
    } else if (w == ".pragma") {
      while (!c.accept(';')) c.next();
    } else if (w == ".visible" || w == ".weak" || w == ".common")
      c.next();
    else if (w == ".extern") {
      ext = true;
      c.next();
    } else if (w == ".alias") {
      while (!c.accept(';')) c.next();
    } else if (w == ".entry" || w == ".func") {
      FuncDecl f;
      f.entry = w == ".entry";
      f.is_extern = ext;
      ext = false;
      c.next();
      while (c.peek().is(".noreturn") || c.peek().is(".attribute")) {
        if (c.next().is(".attribute")) {
          while (!c.accept(')')) c.next();
        }
      }
      if (c.peek().is('(')) f.rets = parse_params(c, false);
      f.name = std::string(c.ident());
      if (c.peek().is('(')) f.params = parse_params(c, f.entry);
      for (;;) {
        if (c.peek().is('{') || c.peek().is(';')) break;
        std::string_view d = c.ident();
        u32* dims = d == ".maxntid"             ? f.maxntid
                    : d == ".reqntid"           ? f.reqntid
                    : d == ".reqnctapercluster" ? f.cluster
                                                : nullptr;
        if (dims) {
          dims[0] = dims[1] = dims[2] = 1;
          int k = 0;
          do {
            u32 v = (u32)c.integer();
            if (k < 3) dims[k++] = v;
          } while (c.accept(','));
        } else if (d == ".minnctapersm")
          f.minctas = (u32)c.integer();
        else if (d == ".maxnctapersm" || d == ".maxclusterrank")
          c.integer();
        else if (d == ".maxnreg")
          f.maxnreg = (u32)c.integer();
        else if (d == ".noreturn" || d == ".explicitcluster") {
        } else if (d == ".pragma") {
          while (!c.accept(';')) c.next();
        } else if (d == ".abi_preserve" || d == ".abi_preserve_control")
          c.integer();
        else
          c.err("unknown function directive " + std::string(d));
      }
      if (c.accept(';')) {
        f.has_body = false;
      } else {
        c.expect('{');
        f.has_body = true;
        f.body_begin = c.i;
        skip_braces(c);
        f.body_end = c.i - 1;
      }
      auto it = m->func_index.find(f.name);
      if (it == m->func_index.end()) {
        m->func_index[f.name] = (u32)m->funcs.size();
        m->funcs.push_back(std::move(f));
      } else if (f.has_body)
        m->funcs[it->second] = std::move(f);
    } else if (space_of(w) != Space::None) {
      c.next();
      Space sp = space_of(w);
      // ".const .align 4 .b8 x[16] = {...}, y;" : a comma list shares the prefix only in
      // hand-written PTX.
      VarDecl v = parse_var(c, sp);
      v.is_extern = ext;
      ext = false;
      c.expect(';');
      auto it = m->var_index.find(v.name);
      if (it == m->var_index.end()) {
        m->var_index[v.name] = (u32)m->vars.size();
        m->vars.push_back(std::move(v));
      } else if (!v.is_extern)
        m->vars[it->second] = std::move(v);
    } else
      c.err("unknown module directive");
  }
  return m;
}

namespace {
struct BodyParser {
  const Module& m;
  const FuncDecl& f;
  Cursor c;
  Body& b;
  struct Range {
    std::string_view prefix;
    u32 base, count;
  };
  struct Scope {
    std::vector<Range> ranges;
    std::unordered_map<std::string_view, u32> names;
    std::unordered_map<std::string_view, int> vars;
  };
  std::vector<Scope> scopes;
  int scope = 0;

  int find_reg(std::string_view n) {
    size_t d = n.size();
    while (d > 0 && isdigit((u8)n[d - 1])) d--;
    u64 idx = 0;
    bool num = d < n.size() && n.size() - d < 10;
    if (num)
      for (size_t k = d; k < n.size(); k++) idx = idx * 10 + (n[k] - '0');
    std::string_view pre = n.substr(0, d);
    for (int s = scope;; s = b.scope_parent[s]) {
      auto it = scopes[s].names.find(n);
      if (it != scopes[s].names.end()) return it->second;
      if (num)
        for (auto& r : scopes[s].ranges)
          if (r.prefix == pre && idx < r.count) return (int)(r.base + idx);
      if (s == 0) return -1;
    }
  }
  int find_var(std::string_view n) {
    for (int s = scope;; s = b.scope_parent[s]) {
      auto it = scopes[s].vars.find(n);
      if (it != scopes[s].vars.end()) return it->second;
      if (s == 0) return -1;
    }
  }
  void add_var(VarDecl v) {
    v.scope = scope;
    b.vars.push_back(std::move(v));
  }

  void declare_regs() {
    Ty ty = Ty::None;
    int vec = 1;
    while (c.peek().kind == Tk::Ident && c.peek().text[0] == '.') {
      std::string_view w = c.next().text;
      if (w == ".v2")
        vec = 2;
      else if (w == ".v4")
        vec = 4;
      else
        ty = parse_ty(w.substr(1));
    }
    if (ty == Ty::None) c.err("unknown register type");
    if (vec != 1) c.err("vector registers are not supported");
    do {
      std::string_view n = c.ident();
      u32 base = (u32)b.regs.size(), count = 1;
      if (c.accept('<')) {
        count = (u32)c.integer();
        c.expect('>');
        scopes[scope].ranges.push_back({n, base, count});
      } else
        scopes[scope].names[n] = base;
      int sz = ty == Ty::Pred ? 4 : std::max(2, ty_size(ty));
      for (u32 k = 0; k < count; k++) b.regs.push_back({ty, (u8)sz, n, k});
    } while (c.accept(','));
    c.expect(';');
  }

  Opnd atom() {
    Opnd o;
    const Token& t = c.peek();
    if (t.is('!')) {
      c.next();
      o = atom();
      o.neg = !o.neg;
      return o;
    }
    if (t.is('-')) {
      c.next();
      o = atom();
      if (o.kind != Opnd::Imm) c.err("bad negative operand");
      if (o.imm_kind == Tk::Int)
        o.bits = (u64) - (s64)o.bits;
      else if (o.imm_kind == Tk::F32)
        o.bits ^= 0x80000000u;
      else
        o.bits ^= 1ull << 63;
      return o;
    }
    if (t.is('{') || t.is('(')) {
      char close = t.is('{') ? '}' : ')';
      o.kind = Opnd::Vec;
      o.paren = t.is('(');
      c.next();
      if (c.accept(close)) return o;
      do o.sub.push_back(operand());
      while (c.accept(','));
      c.expect(close);
      return o;
    }
    if (t.is('[')) {
      c.next();
      o.kind = Opnd::Addr;
      o.sub.push_back(operand());
      if (o.sub[0].kind == Opnd::Sym) {
        o.off += o.sub[0].off;
        o.sub[0].off = 0;
      }
      while (c.peek().is('+') || c.peek().is('-')) {
        if (c.accept('+'))
          o.off += (s64)c.integer();
        else
          o.off += (s64)c.integer();
      }
      while (c.accept(',')) o.sub.push_back(operand());
      c.expect(']');
      return o;
    }
    if (t.kind == Tk::Int || t.kind == Tk::F32 || t.kind == Tk::F64) {
      c.next();
      o.kind = Opnd::Imm;
      o.imm_kind = t.kind;
      o.bits = t.bits;
      return o;
    }
    if (t.kind != Tk::Ident) c.err("bad operand");
    std::string_view n = c.next().text;
    if (n == "_") {
      o.kind = Opnd::Sink;
      return o;
    }
    int r = find_reg(n);
    if (r >= 0) {
      o.kind = Opnd::Reg;
      o.reg = (u32)r;
      return o;
    }
    if (n[0] == '%') {
      o.kind = Opnd::Special;
      o.text = n;
      return o;
    }
    if (n == "WARP_SZ") {
      o.kind = Opnd::Imm;
      o.bits = 32;
      return o;
    }
    o.kind = Opnd::Sym;
    o.text = n;
    o.var = find_var(n);
    if (c.peek().is('+') && c.peek(1).kind == Tk::Int) {
      c.next();
      o.off = (s64)c.integer();
    }
    return o;
  }
  Opnd operand() {
    Opnd o = atom();
    if (c.peek().is('|')) {
      c.next();
      Opnd p;
      p.kind = Opnd::Pair;
      p.sub.push_back(std::move(o));
      p.sub.push_back(atom());
      return p;
    }
    return o;
  }

  void run() {
    b.regs.push_back({Ty::Pred, 4, "%true", 0});
    b.scope_parent.push_back(0);
    scopes.emplace_back();
    for (auto& v : f.rets) {
      b.vars.push_back(v);
      scopes[0].vars[f.rets[b.vars.size() - 1].name] = (int)b.vars.size() - 1;
    }
    for (auto& v : f.params) {
      b.vars.push_back(v);
    }
    for (size_t k = 0; k < f.params.size(); k++)
      scopes[0].vars[f.params[k].name] = (int)(f.rets.size() + k);
    u32 loc = 0;
    while (c.i < f.body_end) {
      const Token& t = c.peek();
      if (t.is('{')) {
        c.next();
        b.scope_parent.push_back(scope);
        scope = (int)b.scope_parent.size() - 1;
        scopes.emplace_back();
        continue;
      }
      if (t.is('}')) {
        c.next();
        if (!scope) c.err("stray '}'");
        scope = b.scope_parent[scope];
        continue;
      }
      if (t.is(';')) {
        c.next();
        continue;
      }
      if (t.kind == Tk::Ident && t.text[0] == '.') {
        std::string_view w = c.next().text;
        if (w == ".reg") {
          declare_regs();
          continue;
        }
        if (w == ".loc") {
          c.integer();
          loc = (u32)c.integer();
          c.integer();
          while (c.accept(',')) {  // function_name L[+n], inlined_at a b c
            std::string_view k = c.ident();
            if (k == "function_name") {
              c.ident();
              if (c.accept('+')) c.integer();
            } else {
              c.integer();
              c.integer();
              c.integer();
            }
          }
          continue;
        }
        if (w == ".pragma") {
          while (!c.accept(';')) c.next();
          continue;
        }
        Space sp = space_of(w);
        if (sp == Space::None) c.err("unknown directive " + std::string(w));
        do {
          size_t at = c.i;
          VarDecl v = parse_var(c, sp);
          // The name as a view into the source text: find its token.
          std::string_view nm;
          for (size_t k = at; k < c.i; k++)
            if (m.toks[k].kind == Tk::Ident && m.toks[k].text == v.name) nm = m.toks[k].text;
          add_var(std::move(v));
          scopes[scope].vars[nm] = (int)b.vars.size() - 1;
        } while (c.accept(','));
        c.expect(';');
        continue;
      }
      if (t.kind == Tk::Ident && c.peek(1).is(':')) {
        std::string_view name = c.next().text;
        c.next();
        if (c.peek().is(".branchtargets")) {
          c.next();
          auto& v = b.branch_targets[{scope, name}];
          do v.push_back(c.ident());
          while (c.accept(','));
          c.expect(';');
          continue;
        }
        if (c.peek().is(".callprototype") || c.peek().is(".calltargets")) {
          while (!c.accept(';')) c.next();
          continue;
        }
        b.labels[{scope, name}] = (u32)b.stmts.size();
        continue;
      }
      Stmt s;
      s.line = t.line;
      s.src_line = loc;
      s.scope = scope;
      if (c.accept('@')) {
        s.guard_neg = c.accept('!');
        int r = find_reg(c.ident());
        if (r < 0) c.err("unknown guard predicate");
        s.guard = r;
      }
      s.text = c.ident();
      size_t p = 0;
      for (bool first = true; p <= s.text.size(); first = false) {
        size_t q = s.text.find('.', p);
        if (q == std::string_view::npos) q = s.text.size();
        std::string_view part = s.text.substr(p, q - p);
        if (first)
          s.op = part;
        else
          s.mods.push_back(part);
        p = q + 1;
      }
      while (c.peek().kind == Tk::Ident && c.peek().text[0] == '.')
        s.mods.push_back(c.next().text.substr(1));  // "mov .b32"
      if (!c.peek().is(';')) {
        do s.ops.push_back(operand());
        while (c.accept(','));
      }
      c.expect(';');
      b.stmts.push_back(std::move(s));
    }
  }
};
}  // namespace

std::unique_ptr<Body> parse_body(const Module& m, const FuncDecl& f) {
  auto b = std::make_unique<Body>();
  BodyParser p{m, f, Cursor{m.toks, f.body_begin}, *b, {}, 0};
  p.run();
  return b;
}
}  // namespace vgpu

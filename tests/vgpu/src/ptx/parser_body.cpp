// Function bodies: registers, labels, scopes and statements.
#include "tests/vgpu/src/ptx/cursor.h"
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
    PtxType ty = PtxType::None;
    int vec = 1;
    while (c.peek().kind == TokenKind::Ident && c.peek().text[0] == '.') {
      std::string_view w = c.next().text;
      if (w == ".v2")
        vec = 2;
      else if (w == ".v4")
        vec = 4;
      else
        ty = parse_ty(w.substr(1));
    }
    if (ty == PtxType::None) c.err("unknown register type");
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
      int sz = ty == PtxType::Pred ? 4 : std::max(2, ty_size(ty));
      for (u32 k = 0; k < count; k++) b.regs.push_back({ty, (u8)sz, n, k});
    } while (c.accept(','));
    c.expect(';');
  }

  PtxOperand atom() {
    PtxOperand o;
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
      if (o.kind != PtxOperand::Imm) c.err("bad negative operand");
      if (o.imm_kind == TokenKind::Int)
        o.bits = (u64) - (s64)o.bits;
      else if (o.imm_kind == TokenKind::F32)
        o.bits ^= 0x80000000u;
      else
        o.bits ^= 1ull << 63;
      return o;
    }
    if (t.is('{') || t.is('(')) {
      char close = t.is('{') ? '}' : ')';
      o.kind = PtxOperand::Vec;
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
      o.kind = PtxOperand::Addr;
      o.sub.push_back(operand());
      if (o.sub[0].kind == PtxOperand::Sym) {
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
    if (t.kind == TokenKind::Int || t.kind == TokenKind::F32 || t.kind == TokenKind::F64) {
      c.next();
      o.kind = PtxOperand::Imm;
      o.imm_kind = t.kind;
      o.bits = t.bits;
      return o;
    }
    if (t.kind != TokenKind::Ident) c.err("bad operand");
    std::string_view n = c.next().text;
    if (n == "_") {
      o.kind = PtxOperand::Sink;
      return o;
    }
    int r = find_reg(n);
    if (r >= 0) {
      o.kind = PtxOperand::Reg;
      o.reg = (u32)r;
      return o;
    }
    if (n[0] == '%') {
      o.kind = PtxOperand::Special;
      o.text = n;
      return o;
    }
    if (n == "WARP_SZ") {
      o.kind = PtxOperand::Imm;
      o.bits = 32;
      return o;
    }
    o.kind = PtxOperand::Sym;
    o.text = n;
    o.var = find_var(n);
    if (c.peek().is('+') && c.peek(1).kind == TokenKind::Int) {
      c.next();
      o.off = (s64)c.integer();
    }
    return o;
  }
  PtxOperand operand() {
    PtxOperand o = atom();
    if (c.peek().is('|')) {
      c.next();
      PtxOperand p;
      p.kind = PtxOperand::Pair;
      p.sub.push_back(std::move(o));
      p.sub.push_back(atom());
      return p;
    }
    return o;
  }

  void run() {
    b.regs.push_back({PtxType::Pred, 4, "%true", 0});
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
      if (t.kind == TokenKind::Ident && t.text[0] == '.') {
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
            if (m.toks[k].kind == TokenKind::Ident && m.toks[k].text == v.name) nm = m.toks[k].text;
          add_var(std::move(v));
          scopes[scope].vars[nm] = (int)b.vars.size() - 1;
        } while (c.accept(','));
        c.expect(';');
        continue;
      }
      if (t.kind == TokenKind::Ident && c.peek(1).is(':')) {
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
      while (c.peek().kind == TokenKind::Ident && c.peek().text[0] == '.')
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

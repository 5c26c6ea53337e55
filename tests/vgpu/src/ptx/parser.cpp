// Declarations: modules, functions, variables with their initial values.
#include "tests/vgpu/src/ptx/parser.h"

#include "tests/vgpu/src/ptx/cursor.h"
namespace vgpu {

Space space_of(std::string_view s) {
  if (s == ".global") return Space::Global;
  if (s == ".const") return Space::Const;
  if (s == ".shared" || s == ".shared::cta") return Space::Shared;
  if (s == ".local") return Space::Local;
  if (s == ".param") return Space::Param;
  return Space::None;
}

namespace {
u64 align_up(u64 v, u64 a) { return a ? (v + a - 1) / a * a : v; }

// One initialiser value: number, generic(sym)+n, sym+n, or mask(sym) forms.
InitItem parse_init(Cursor& c, int bytes) {
  InitItem it;
  it.bytes = bytes;
  bool neg = c.accept('-');
  const Token& t = c.peek();
  if (t.kind == TokenKind::Int) {
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
  if (t.kind == TokenKind::F32) {
    c.next();
    it.bits = bytes == 8 ? bitcast<u64>((double)bitcast<float>((u32)t.bits)) : t.bits;
    return it;
  }
  if (t.kind == TokenKind::F64) {
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

}  // namespace

// After the state-space directive: [.attribute] [.align n] [.vN] .type name [dims] [= init]
VarDecl parse_var(Cursor& c, Space sp) {
  VarDecl v;
  v.space = sp;
  int vec = 1;
  for (;;) {
    std::string_view w = c.peek().kind == TokenKind::Ident ? c.peek().text : std::string_view();
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
      PtxType t = parse_ty(w.substr(1));
      if (t == PtxType::None) {
        if (w == ".texref" || w == ".samplerref" || w == ".surfref")
          t = PtxType::U64;
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

namespace {
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
    if (t.kind == TokenKind::End) c.err("unbalanced braces");
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
  while (c.peek().kind != TokenKind::End) {
    const Token& t = c.peek();
    if (t.kind != TokenKind::Ident) c.err("unexpected token at module scope");
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
}  // namespace vgpu

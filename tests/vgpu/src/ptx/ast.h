// What the parser makes of PTX text: declarations and, per function, a flat statement list.
#pragma once
#include <map>
#include <unordered_map>

#include "tests/vgpu/src/ptx/lexer.h"
#include "tests/vgpu/src/ptx/types.h"
namespace vgpu {

enum class Space : u8 { None, Global, Const, Shared, Local, Param, Generic };

struct InitItem {
  u64 bits = 0;
  std::string sym;
  s64 add = 0;
  u8 bytes = 0;
  u8 shift = 0;
};

struct VarDecl {
  std::string name;
  Space space = Space::None;
  PtxType ty = PtxType::None;
  u32 align = 0;
  u64 size = 0;  // bytes; 0 for an unsized extern array
  bool is_extern = false, managed = false, unsized = false;
  std::vector<InitItem> init;
  int scope = 0;  // body-local declarations
  bool kernel_param = false;
  u32 offset = 0;  // place in its space, set by layout
};

struct FuncDecl {
  std::string name;
  bool entry = false, has_body = false, is_extern = false;
  std::vector<VarDecl> params, rets;
  size_t body_begin = 0, body_end = 0;  // token range inside the braces
  u32 maxntid[3] = {0, 0, 0}, reqntid[3] = {0, 0, 0}, minctas = 0, maxnreg = 0;
  u32 cluster[3] = {0, 0, 0};
};

struct PtxOperand {
  enum Kind : u8 { Reg, Imm, Addr, Vec, Pair, Sym, Sink, Special } kind = Sink;
  bool neg = false;    // !%p
  bool paren = false;  // Vec written with ( )
  TokenKind imm_kind = TokenKind::Int;
  u32 reg = 0;            // Reg: id in Body::regs
  u64 bits = 0;           // Imm
  s64 off = 0;            // Addr / Sym: byte offset
  int var = -1;           // Sym: index in Body::vars if it is a function-scope variable
  std::string_view text;  // Sym / Special
  std::vector<PtxOperand> sub;
};

struct Stmt {
  u32 line = 0, src_line = 0;
  int guard = -1;  // register id of the guard predicate
  bool guard_neg = false;
  std::string_view text, op;  // "ld.global.f32", "ld"
  std::vector<std::string_view> mods;
  std::vector<PtxOperand> ops;
  int scope = 0;
};

struct RegInfo {
  PtxType ty;
  u8 size;
  std::string_view prefix;
  u32 index;
};

struct Body {
  std::vector<RegInfo> regs;  // reg 0 is the always-true predicate
  std::vector<VarDecl> vars;  // params, rets, then local declarations
  std::vector<Stmt> stmts;
  std::vector<int> scope_parent;
  std::map<std::pair<int, std::string_view>, u32> labels;  // -> statement index
  std::map<std::pair<int, std::string_view>, std::vector<std::string_view>> branch_targets;
  // Looks a label up through the enclosing scopes; -1 if there is none.
  long find_label(int scope, std::string_view name) const;
  const std::vector<std::string_view>* find_targets(int scope, std::string_view name) const;
};

struct Module {
  std::string src;
  std::vector<Token> toks;
  int ptx_version = 0, target = 0;
  std::vector<VarDecl> vars;
  std::vector<FuncDecl> funcs;
  std::unordered_map<std::string, u32> var_index, func_index;
};
}  // namespace vgpu

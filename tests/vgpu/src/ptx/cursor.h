// Shared by the parsers of declarations and of function bodies.
#pragma once
#include <algorithm>

#include "tests/vgpu/src/ptx/ast.h"
namespace vgpu {
// A place in the list of tokens.
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
    throw PtxError(format_text("PTX line %u: %s near '%.*s'", peek().line, what.c_str(),
                               (int)peek().text.size(), peek().text.data()));
  }
  void expect(char c) {
    if (!accept(c)) err(format_text("expected '%c'", c));
  }
  std::string_view ident() {
    if (peek().kind != TokenKind::Ident) err("expected a name");
    return next().text;
  }
  u64 integer() {
    bool neg = accept('-');
    if (peek().kind != TokenKind::Int) err("expected an integer");
    u64 v = next().bits;
    return neg ? (u64) - (s64)v : v;
  }
};

// The state space that a directive names, or None.
Space space_of(std::string_view s);
// After the state-space directive: [.attribute] [.align n] [.vN] .type name [dims] [= init]
VarDecl parse_var(Cursor& c, Space sp);
}  // namespace vgpu

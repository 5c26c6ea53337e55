// PTX tokens. An identifier keeps its dots ("ld.global.v4.u32", ".reg", "%tid.x", "a::b").
#pragma once
#include "tests/vgpu/src/common.h"
namespace vgpu {
enum class TokenKind : u8 { Ident, Int, F32, F64, Punct, String, End };
struct Token {
  TokenKind kind;
  char ch = 0;  // ch: the punctuation character
  u32 line = 0;
  std::string_view text;
  u64 bits = 0;  // Int: value; F32/F64: bit pattern
  bool is(char c) const { return kind == TokenKind::Punct && ch == c; }
  bool is(std::string_view s) const { return kind == TokenKind::Ident && text == s; }
};
std::vector<Token> lex_ptx(std::string_view src);
}  // namespace vgpu

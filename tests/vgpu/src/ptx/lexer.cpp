#include "tests/vgpu/src/ptx/lexer.h"
namespace vgpu {
static bool id_start(char c) {
  return isalpha((u8)c) || c == '_' || c == '$' || c == '%' || c == '.';
}
static bool id_char(char c) { return isalnum((u8)c) || c == '_' || c == '$' || c == '.'; }

std::vector<Token> lex_ptx(std::string_view s) {
  std::vector<Token> out;
  out.reserve(s.size() / 5);
  size_t i = 0, n = s.size();
  u32 line = 1;
  auto push = [&](TokenKind k, size_t b, size_t e) -> Token& {
    Token t;
    t.kind = k;
    t.line = line;
    t.text = s.substr(b, e - b);
    out.push_back(t);
    return out.back();
  };
  while (i < n) {
    char c = s[i];
    if (c == '\n') {
      line++;
      i++;
      continue;
    }
    if (c == 0) break;
    if (isspace((u8)c)) {
      i++;
      continue;
    }
    if (c == '/' && i + 1 < n && s[i + 1] == '/') {
      while (i < n && s[i] != '\n') i++;
      continue;
    }
    if (c == '/' && i + 1 < n && s[i + 1] == '*') {
      i += 2;
      while (i + 1 < n && !(s[i] == '*' && s[i + 1] == '/')) {
        if (s[i] == '\n') line++;
        i++;
      }
      i += 2;
      continue;
    }
    if (c == '"') {
      size_t b = ++i;
      while (i < n && s[i] != '"') {
        if (s[i] == '\\') i++;
        i++;
      }
      push(TokenKind::String, b, i);
      i++;
      continue;
    }
    // A '.' followed by a digit is a float such as ".5" (never emitted by nvcc, but legal).
    if (id_start(c) && !(c == '.' && i + 1 < n && isdigit((u8)s[i + 1]) &&
                         (out.empty() || out.back().kind != TokenKind::Ident))) {
      size_t b = i++;
      const bool directive = c == '.';  // ".reg.b16" is two directives
      while (i < n && !(directive && s[i] == '.') &&
             (id_char(s[i]) ||
              (s[i] == ':' && i + 2 < n && s[i + 1] == ':' && isalnum((u8)s[i + 2])))) {
        if (s[i] == ':') i++;
        i++;
      }
      push(TokenKind::Ident, b, i);
      continue;
    }
    if (isdigit((u8)c) || c == '.') {
      size_t b = i;
      if (c == '0' && i + 1 < n && (s[i + 1] == 'f' || s[i + 1] == 'F')) {
        i += 2;
        u64 v = 0;
        while (i < n && isxdigit((u8)s[i])) {
          v = v * 16 + (isdigit((u8)s[i]) ? s[i] - '0' : (tolower(s[i]) - 'a' + 10));
          i++;
        }
        push(TokenKind::F32, b, i).bits = v;
        continue;
      }
      if (c == '0' && i + 1 < n && (s[i + 1] == 'd' || s[i + 1] == 'D')) {
        i += 2;
        u64 v = 0;
        while (i < n && isxdigit((u8)s[i])) {
          v = v * 16 + (isdigit((u8)s[i]) ? s[i] - '0' : (tolower(s[i]) - 'a' + 10));
          i++;
        }
        push(TokenKind::F64, b, i).bits = v;
        continue;
      }
      int base = 10;
      if (c == '0' && i + 1 < n && (s[i + 1] == 'x' || s[i + 1] == 'X')) {
        base = 16;
        i += 2;
      } else if (c == '0' && i + 1 < n && (s[i + 1] == 'b' || s[i + 1] == 'B')) {
        base = 2;
        i += 2;
      }
      size_t d = i;
      while (i < n && (base == 16 ? isxdigit((u8)s[i]) : isdigit((u8)s[i]))) i++;
      bool flt = false;
      if (base == 10 && i < n && s[i] == '.') {
        flt = true;
        i++;
        while (i < n && isdigit((u8)s[i])) i++;
      }
      if (base == 10 && i < n && (s[i] == 'e' || s[i] == 'E')) {
        flt = true;
        i++;
        if (i < n && (s[i] == '+' || s[i] == '-')) i++;
        while (i < n && isdigit((u8)s[i])) i++;
      }
      std::string txt(s.substr(d, i - d));
      if (flt) {
        double v = strtod(txt.c_str(), nullptr);
        push(TokenKind::F64, b, i).bits = bitcast<u64>(v);
      } else {
        if (base == 10 && txt.size() > 1 && txt[0] == '0') base = 8;
        push(TokenKind::Int, b, i).bits = strtoull(txt.c_str(), nullptr, base);
      }
      if (i < n && (s[i] == 'U' || s[i] == 'u')) i++;
      continue;
    }
    push(TokenKind::Punct, i, i + 1).ch = c;
    i++;
  }
  push(TokenKind::End, n, n);
  return out;
}
}  // namespace vgpu

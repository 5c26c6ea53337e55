// The exceptions of ebb. Every message says what was got, what was expected and how to mend it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace ebb {

/// Any failure that ebb reports. Libraries throw; only apps/ebb prints and exits.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The user's data or configuration is at fault; the message names file, line and column.
class DataError : public Error {
 public:
  using Error::Error;
};

/// A file could not be read or written; the message names the path and the system's reason.
class IoError : public Error {
 public:
  using Error::Error;
};

/// A valid request that this build, device or dtype cannot serve; the message says why.
class UnsupportedError : public Error {
 public:
  using Error::Error;
};

/// Throws `Kind` with a message in fmt's syntax: fail<DataError>("{}:{}: empty field", path, line).
template <class Kind = Error, class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Kind(fmt::format(format, std::forward<Args>(args)...));
}

/// A text from a file, for a message: its first `most` bytes, then "..." if there are more.
inline std::string shortened(std::string_view text, std::size_t most = 100) {
  if (text.size() <= most) return std::string(text);
  // Not within a character of UTF-8.
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return std::string(text.substr(0, most)) + "...";
}

}  // namespace ebb

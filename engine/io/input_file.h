// A regular file read from its beginning, part by part, so that what a part says is checked before
// there is memory for the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace ebb {

class InputFile {
 public:
  /// Throws IoError, which names the file and the system's reason, when it cannot be opened or is a
  /// folder, a device or a pipe; `expected` says what kind of file it should be.
  InputFile(const std::filesystem::path& path, std::string_view expected);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  /// In bytes, when it was opened.
  std::uint64_t size() const { return size_; }
  /// The next `count` bytes. Throws IoError when they cannot be read or the file has become
  /// shorter.
  std::vector<char> read(std::size_t count);

 private:
  std::filesystem::path path_;
  std::uint64_t size_ = 0;
  int descriptor_ = -1;
};

}  // namespace ebb

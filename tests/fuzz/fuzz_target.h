// What the fuzz targets share. A target is libFuzzer's LLVMFuzzerTestOneInput; replay.cpp calls the
// same function for the files of the corpus, so that every build runs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "kernels/common/error.h"

/// Checks one input; ends the process at a finding. Always returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace ebb::fuzzing {

/// Ends the process with the property that did not hold, which is how libFuzzer keeps the input.
inline void require(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "not so: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

/// body(), or nothing if it refuses the input as bad input must be refused: with a DataError or an
/// IoError that has a message. Any other exception passes through and ends the process.
template <class Body>
auto accepted(Body body) -> std::optional<decltype(body())> {
  try {
    return body();
  } catch (const DataError& error) {
    require(*error.what() != '\0', "an error has a message");
  } catch (const IoError& error) {
    require(*error.what() != '\0', "an error has a message");
  }
  return std::nullopt;
}

/// A file without a disk, for readers that take a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : descriptor_(::memfd_create("input", 0)) {
    require(descriptor_ >= 0, "a memory file can be made");
    const auto written = ::write(descriptor_, content.data(), content.size());
    require(written == static_cast<ssize_t>(content.size()), "a memory file can be written");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace ebb::fuzzing

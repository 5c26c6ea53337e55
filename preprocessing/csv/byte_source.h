// Where the bytes of a CSV file come from: a file, a pipe or standard input, compressed or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace ebb::preprocessing {

/// A forward-only stream of (decompressed) bytes.
class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  /// Fills up to `capacity` bytes and returns how many; 0 only at the end. Throws IoError.
  virtual std::size_t read(char* out, std::size_t capacity) = 0;
  /// How many bytes there are in all, where that can be known.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
};

/// The name of a path in messages: "-" is "standard input".
std::string source_name(const std::filesystem::path& path);

/// Opens a file, a FIFO, or standard input for "-". gzip, xz and zstd are recognised by their
/// first bytes, whatever the name, and decompressed on the fly. Throws IoError when it cannot be
/// opened, and DataError for the table files of other programs (foreign_format.h).
std::unique_ptr<ByteSource> open_byte_source(const std::filesystem::path& path);

/// Decompressors over another source; `name` is for messages. read() throws IoError on damaged or
/// truncated data, and DataError on data that expands to more than 200 times its size (beyond 64
/// MiB) or asks for more than 128 MiB to unpack. Concatenated members and streams are read one
/// after the other.
std::unique_ptr<ByteSource> gzip_source(std::unique_ptr<ByteSource> compressed,
                                        const std::string& name);
std::unique_ptr<ByteSource> xz_source(std::unique_ptr<ByteSource> compressed,
                                      const std::string& name);
std::unique_ptr<ByteSource> zstd_source(std::unique_ptr<ByteSource> compressed,
                                        const std::string& name);

}  // namespace ebb::preprocessing

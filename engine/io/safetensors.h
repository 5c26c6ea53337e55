// Named tensors in a file: the safetensors format (https://github.com/huggingface/safetensors),
//
//   8 bytes    length of the header, little endian
//   header     JSON {"__metadata__": {text: text}, name: {"dtype", "shape", "data_offsets"}, ...}
//   data       the tensors without gaps, row-major, little endian
//
// with checksums of the header, the data and each tensor in the metadata, so that a damaged or cut
// file is found, and the damaged part named. Files of other programs, which have no such checksums,
// are read too; ours are read by other programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/io/atomic_file.h"
#include "kernels/common/dtype.h"
#include "kernels/common/shape.h"

namespace ebb {

/// One tensor. `data` is not owned and may not be aligned for the dtype: copy it.
struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::span<const std::byte> data;
};

using SafetensorsMetadata = std::map<std::string, std::string>;

/// Names of metadata that begin so are ours: writers may not use them, readers do not see them.
inline constexpr std::string_view kChecksumPrefix = "ebb.checksum.";

/// The longest header that is read or written, the limit of the format's first implementation.
inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;
/// The most tensors, and the most metadata texts, that a file may hold: names so short that a
/// header of 100 MB held millions of them would take many times its size in memory.
inline constexpr std::size_t kMaxSafetensorsNames = 100'000;

/// Writes the file as engine/io/atomic_file.h does. Equal arguments give equal bytes whatever their
/// order: data lie by element size, the largest first, then by name, so that every tensor is
/// aligned for its dtype. Throws IoError when the file cannot be written; DataError on a name given
/// twice or reserved, text that is not UTF-8, or data whose size is not that of its shape and
/// dtype.
void write_safetensors(const std::filesystem::path& path, std::span<const SafetensorsEntry> entries,
                       const SafetensorsMetadata& metadata);
/// The same into a new file, which the caller commits.
void write_safetensors(AtomicFile& output, std::span<const SafetensorsEntry> entries,
                       const SafetensorsMetadata& metadata);

/// A file read into memory: first the header, and the data once header and size of the file agree.
/// The header takes up to 10 times its bytes, which are at most kMaxSafetensorsHeader.
class SafetensorsFile {
 public:
  /// Throws IoError when the file cannot be read; DataError, which names the file, what was found
  /// and what was expected, when it is not valid safetensors, holds dtypes or ranks that ebb lacks,
  /// or does not match its checksums.
  explicit SafetensorsFile(const std::filesystem::path& path);
  // The entries point into the data, which a move hands on and a copy would not.
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;
  SafetensorsFile(SafetensorsFile&&) = default;
  SafetensorsFile& operator=(SafetensorsFile&&) = default;
  ~SafetensorsFile() = default;

  /// Sorted by name.
  const std::vector<SafetensorsEntry>& entries() const { return entries_; }
  /// The entry of that name, or null.
  const SafetensorsEntry* find(std::string_view name) const;
  /// Without the checksums.
  const SafetensorsMetadata& metadata() const { return metadata_; }
  /// Whether the file had checksums (and matched them).
  bool had_checksums() const { return had_checksums_; }

 private:
  std::vector<char> data_;  // not a string, whose short content a move would copy
  std::vector<SafetensorsEntry> entries_;
  SafetensorsMetadata metadata_;
  bool had_checksums_ = false;
};

}  // namespace ebb

// Files that are either the old or the new, whole: never a part, whenever the process or the
// machine stops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ebb {

/// Writes a new file under a temporary name in the target's folder; `commit` puts it in the
/// target's place. Without a commit the target stays as it was and the temporary is removed.
/// Temporaries that a killed process left for the same target are removed too.
///
/// A target that is a device or a pipe (say /dev/stdout) is written directly. A symbolic link stays
/// one, and what it points to is replaced. An existing file's permissions are kept.
///
/// Every function throws IoError, which names the target, the system's reason and how to mend it.
class AtomicFile {
 public:
  /// `expected_bytes`: how much will be written, if known, for the message when the disk is full.
  explicit AtomicFile(const std::filesystem::path& target, std::uint64_t expected_bytes = 0);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// As `expected_bytes`, once it is known.
  void expect(std::uint64_t bytes) { expected_bytes_ = bytes; }
  [[nodiscard]] const std::filesystem::path& target() const { return target_; }

  /// Whether there is a file beside the target until the commit: not for a device or a pipe.
  [[nodiscard]] bool has_temporary() const { return !temporary_.empty(); }

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);

  /// Writes what is buffered and fsyncs, so that little is left of commit that can fail: for files
  /// that belong together. Nothing may be written afterwards.
  void settle();
  /// Settles, renames to the target and fsyncs the folder. Called once.
  void commit();

 private:
  void open_temporary();
  void create_temporary();
  void flush();
  void write_out(std::span<const std::byte> bytes);
  void close();
  [[noreturn]] void fail_renaming(int error) const;
  [[noreturn]] void fail_writing(int error) const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty when the target is written directly
  std::uint64_t expected_bytes_;
  std::uint64_t written_bytes_ = 0;
  std::vector<std::byte> buffer_;
  int descriptor_ = -1;
  bool is_device_ = false;  // or a pipe
};

/// Makes `content` the content of `path`, or leaves `path` as it was and throws IoError.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> content);
void write_file_atomically(const std::filesystem::path& path, std::string_view content);
/// The same for content produced by `writer(file)`; an exception of the writer leaves `path` as it
/// was too.
void write_file_atomically(const std::filesystem::path& path,
                           const std::function<void(AtomicFile&)>& writer);

/// The whole content of a file. Throws IoError when it cannot be read or is larger than
/// `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

}  // namespace ebb

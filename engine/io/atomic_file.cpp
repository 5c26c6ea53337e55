#include "engine/io/atomic_file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

#include "kernels/common/error.h"
#include "kernels/common/system_error.h"

namespace ebb {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = 1 << 16;
constexpr std::string_view kTemporarySuffix = ".tmp";

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

std::string hint_for_writing(int error, const fs::path& folder) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      if (std::error_code ignored; fs::is_directory(folder, ignored))
        return "; choose another path";
      return fmt::format("; create the folder {} first", folder.string());
    case EACCES:
    case EPERM:
      return fmt::format("; get the right to write in {} or choose another path", folder.string());
    case EROFS:
      return "; that file system is read-only, choose another path";
    case EISDIR:
      return "; choose the name of a file";
    case EFBIG:
      return "; files may not grow so large here: raise the limit (ulimit -f) or choose another "
             "path";
    default:
      return {};
  }
}

/// `written`: bytes already on the disk, which the failure gives back.
std::string hint_for_full_disk(const fs::path& folder, std::uint64_t needed,
                               std::uint64_t written) {
  struct statvfs space = {};
  std::string hint;
  if (needed > 0) hint = fmt::format("; at least {} bytes are needed", needed);
  if (::statvfs(folder.c_str(), &space) == 0) {
    const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize + written;
    hint += hint.empty() ? fmt::format("; {} bytes are free", free)
                         : fmt::format(", {} are free", free);
  }
  return hint + "; free some space or choose another path";
}

/// Repeats a system call that a signal interrupted.
template <class Call>
auto uninterrupted(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// What names of temporaries for `target` begin with; a process and a counter follow.
std::string temporary_prefix(const fs::path& target) {
  return fmt::format(".{}.", target.filename().string());
}

/// Removes temporaries of `target` whose writer is gone: living ones hold a lock.
void remove_stale_temporaries(const fs::path& target) {
  const std::string prefix = temporary_prefix(target);
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_of(target), ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(kTemporarySuffix)) continue;
    if (name.find_first_not_of("0123456789-", prefix.size()) !=
        name.size() - kTemporarySuffix.size()) {
      continue;
    }
    const int descriptor = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) continue;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
    ::close(descriptor);
  }
}

/// Whether the file has lost its name.
bool is_unlinked(int descriptor) {
  struct stat status = {};
  return ::fstat(descriptor, &status) == 0 && status.st_nlink == 0;
}

void sync_folder(const fs::path& target) {
  const fs::path folder = folder_of(target);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && uninterrupted([&] { return ::fsync(descriptor); }) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  // EINVAL: a file system whose folders need no fsync.
  if (!synced && error != EINVAL) {
    fail<IoError>("{}: written, but fsync of its folder failed: {}", target.string(),
                  reason(error));
  }
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& target, std::uint64_t expected_bytes)
    : target_(target), expected_bytes_(expected_bytes) {
  if (target.empty()) fail<IoError>("a file to write has no name");
  buffer_.reserve(kBufferBytes);
  std::error_code error;
  const fs::file_status status = fs::status(target_, error);
  if (fs::is_directory(status)) fail_writing(EISDIR);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    is_device_ = true;
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail_writing(errno);
    return;
  }
  if (fs::is_symlink(fs::symlink_status(target_, error))) {
    target_ = fs::weakly_canonical(target_, error);
    if (error) fail_writing(error.value());
  }
  if (!target_.has_filename()) fail_writing(EISDIR);
  open_temporary();
  if (fs::exists(status)) ::fchmod(descriptor_, static_cast<mode_t>(status.permissions()));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  ::close(descriptor_);
}

void AtomicFile::open_temporary() {
  remove_stale_temporaries(target_);
  create_temporary();
  // Until it is locked another writer may take it for a leftover, lock it for a moment and remove
  // it. A file system without locks only loses the removal of leftovers.
  while (uninterrupted([&] { return ::flock(descriptor_, LOCK_EX); }) == 0 &&
         is_unlinked(descriptor_)) {
    ::close(descriptor_);
    create_temporary();
  }
}

void AtomicFile::create_temporary() {
  static std::atomic<unsigned> counter = 0;
  do {
    temporary_ = folder_of(target_) / fmt::format("{}{}-{}{}", temporary_prefix(target_),
                                                  ::getpid(), counter++, kTemporarySuffix);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail_writing(errno);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) flush();
  if (bytes.size() > kBufferBytes) {
    write_out(bytes);
  } else {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }
}

void AtomicFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void AtomicFile::settle() {
  flush();
  if (temporary_.empty()) return;
  if (uninterrupted([&] { return ::fsync(descriptor_); }) != 0) fail_writing(errno);
}

void AtomicFile::commit() {
  if (descriptor_ < 0) fail("{}: committed twice", target_.string());
  settle();
  if (temporary_.empty()) return close();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail_renaming(errno);
  temporary_.clear();
  close();
  sync_folder(target_);
}

void AtomicFile::flush() {
  write_out(buffer_);
  buffer_.clear();
}

void AtomicFile::write_out(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        uninterrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
    if (count < 0) fail_writing(errno);
    written_bytes_ += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void AtomicFile::close() {
  // Linux closes the descriptor even when it reports an error, so it is given up first.
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0 && errno != EINTR) fail_writing(errno);
}

void AtomicFile::fail_renaming(int error) const {
  std::error_code ignored;
  if (error == ENOENT && fs::is_directory(folder_of(target_), ignored)) {
    fail<IoError>("{}: cannot write: another program removed its temporary file {}; try again",
                  target_.string(), temporary_.filename().string());
  }
  fail_writing(error);
}

void AtomicFile::fail_writing(int error) const {
  const fs::path folder = folder_of(target_);
  if (is_device_) {  // the space of its folder has nothing to do with it
    fail<IoError>("{}: cannot write: {}; choose another path", target_.string(), reason(error));
  }
  const bool full = error == ENOSPC || error == EDQUOT;
  const std::uint64_t needed = std::max(expected_bytes_, written_bytes_ + buffer_.size());
  fail<IoError>(
      "{}: cannot write: {}{}", target_.string(), reason(error),
      full ? hint_for_full_disk(folder, needed, written_bytes_) : hint_for_writing(error, folder));
}

void write_file_atomically(const fs::path& path, std::span<const std::byte> content) {
  AtomicFile file(path, content.size());
  file.write(content);
  file.commit();
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  write_file_atomically(path, std::as_bytes(std::span(content)));
}

void write_file_atomically(const fs::path& path, const std::function<void(AtomicFile&)>& writer) {
  AtomicFile file(path);
  writer(file);
  file.commit();
}

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  struct Descriptor {
    int value;
    ~Descriptor() {
      if (value >= 0) ::close(value);
    }
  };
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status = {};
  if (file.value < 0 || ::fstat(file.value, &status) != 0) {
    const int error = errno;
    fail<IoError>("{}: cannot read: {}{}", path.string(), reason(error),
                  error == ENOENT ? "; check the path" : "");
  }
  if (S_ISDIR(status.st_mode)) fail<IoError>("{}: is a folder, expected a file", path.string());
  const auto check_size = [&](std::uint64_t bytes) {
    if (bytes <= max_bytes) return;
    fail<IoError>("{}: has {} bytes or more, expected at most {}", path.string(), bytes, max_bytes);
  };
  const auto size = static_cast<std::uint64_t>(status.st_size);
  check_size(size);
  // One byte more than expected, so that the end is met without growing; pipes have size 0.
  std::string content(static_cast<std::size_t>(size) + 1, '\0');
  std::size_t filled = 0;
  for (;;) {
    if (filled == content.size()) content.resize(2 * content.size() + kBufferBytes);
    const ssize_t count = uninterrupted(
        [&] { return ::read(file.value, content.data() + filled, content.size() - filled); });
    if (count < 0) fail<IoError>("{}: cannot read: {}", path.string(), reason(errno));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
    check_size(filled);
  }
  content.resize(filled);
  return content;
}

}  // namespace ebb

#include "apps/churn/artefact/locked_folder.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "kernels/common/error.h"
#include "kernels/common/system_error.h"

namespace ebb::churn {

namespace fs = std::filesystem;

LockedFolder::LockedFolder(const fs::path& path) : path_(path) {
  std::error_code error;
  is_new_ = fs::create_directories(path_, error);
  if (error || !fs::is_directory(path_)) {
    fail<IoError>("{}: the folder cannot be made: {}; choose another --out", path_.string(),
                  error ? error.message() : "a file of that name exists");
  }
  lock();
  try {
    check_in_place();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

LockedFolder::~LockedFolder() {
  // What was refused leaves no trace; rmdir keeps a folder that holds anything.
  if (is_new_ && is_in_place()) ::rmdir(path_.c_str());
  ::close(descriptor_);
}

void LockedFolder::lock() {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor_ < 0) {
    fail<IoError>("{}: the folder cannot be opened: {}", path_.string(), reason(errno));
  }
  // Other errors than a held lock come from file systems without locks.
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(descriptor_);
    fail<IoError>(
        "{}: another process is at work in this folder: wait for it, or choose another --out",
        path_.string());
  }
}

bool LockedFolder::is_in_place() const {
  struct stat locked = {};
  struct stat named = {};
  return ::fstat(descriptor_, &locked) == 0 && ::stat(path_.c_str(), &named) == 0 &&
         locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

void LockedFolder::check_in_place() const {
  if (is_in_place()) return;
  fail<IoError>(
      "{}: the folder was removed, renamed or replaced by another meanwhile, and nothing was "
      "written to what has that name now; rename it back, or use its new name, with --resume, or "
      "start anew",
      path_.string());
}

void LockedFolder::write(const std::function<void(const fs::path& folder)>& write) const {
  check_in_place();
  const std::string locked = fmt::format("/proc/self/fd/{}", descriptor_);
  const bool has_proc = fs::is_directory(locked);
  try {
    write(has_proc ? fs::path(locked) : path_);
    check_in_place();
  } catch (const IoError& error) {
    check_in_place();  // which says more, if that is why
    std::string message = error.what();
    if (message.starts_with(locked)) message.replace(0, locked.size(), path_.string());
    fail<IoError>("{}", message);
  }
}

void LockedFolder::sync() const { ::fsync(descriptor_); }

}  // namespace ebb::churn

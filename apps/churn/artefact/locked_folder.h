// A folder that one process at a time writes to.
#pragma once

#include <filesystem>
#include <functional>

namespace ebb::churn {

/// Locked while the object lives. Once the folder has been removed, renamed or replaced, every
/// write throws IoError instead: the lock is on the folder, not on its name.
class LockedFolder {
 public:
  /// Opens the folder, and makes it if need be. Throws IoError if it cannot be made or opened, or
  /// another process has it locked.
  explicit LockedFolder(const std::filesystem::path& path);
  LockedFolder(const LockedFolder&) = delete;
  LockedFolder& operator=(const LockedFolder&) = delete;
  /// Removes the folder if it was made here and holds nothing.
  ~LockedFolder();

  const std::filesystem::path& path() const { return path_; }

  /// Throws IoError where another folder, or none, has the name now.
  void check_in_place() const;
  /// Calls `write` with the folder's path, such that what it writes lands in the locked folder
  /// whatever happens to the name. Throws IoError as check_in_place and `write` do.
  void write(const std::function<void(const std::filesystem::path& folder)>& write) const;
  /// Waits until what was made or removed in it is on the disk.
  void sync() const;

 private:
  void lock();
  bool is_in_place() const;

  std::filesystem::path path_;
  bool is_new_ = false;  // made here
  int descriptor_ = -1;  // which holds the lock
};

}  // namespace ebb::churn

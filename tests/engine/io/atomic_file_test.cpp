#include "engine/io/atomic_file.h"

#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace ebb {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TemporaryFolder;

constexpr std::uint64_t kEnough = 1 << 24;

std::string message_of(const std::function<void()>& action) {
  return testing::message_of<IoError>(action);
}

TEST(AtomicFileTest, WritesAndReplaces) {
  const TemporaryFolder folder;
  const fs::path path = folder / "模型 a.json";
  write_file_atomically(path, "one");
  EXPECT_EQ(read_file(path, kEnough), "one");
  // Larger than the buffer, in pieces that do and do not fit it.
  std::string long_text;
  write_file_atomically(path, [&](AtomicFile& file) {
    for (int i = 0; i < 5000; ++i) {
      const std::string piece(static_cast<std::size_t>(i % 60), static_cast<char>('a' + i % 26));
      file.write(piece);
      long_text += piece;
    }
    const std::string piece(200'000, 'x');
    file.write(piece);
    long_text += piece;
  });
  EXPECT_EQ(read_file(path, kEnough), long_text);
  EXPECT_EQ(folder.entries(), 1u);
  write_file_atomically(path, "");
  EXPECT_EQ(read_file(path, kEnough), "");
}

TEST(AtomicFileTest, LeavesTheOldFileWhenTheWriterThrows) {
  const TemporaryFolder folder;
  const fs::path path = folder / "a";
  write_file_atomically(path, "old");
  EXPECT_THROW(write_file_atomically(path,
                                     [](AtomicFile& file) {
                                       file.write(std::string(100'000, 'n'));
                                       throw DataError("writer failed");
                                     }),
               DataError);
  EXPECT_EQ(read_file(path, kEnough), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFileTest, ShowsNothingBeforeTheCommit) {
  const TemporaryFolder folder;
  const fs::path path = folder / "a";
  write_file_atomically(path, "old");
  AtomicFile file(path);
  file.write(std::string(100'000, 'n'));
  EXPECT_EQ(read_file(path, kEnough), "old");
  file.commit();
  EXPECT_EQ(fs::file_size(path), 100'000u);
}

TEST(AtomicFileTest, RemovesLeftoversOfKilledWritersOnly) {
  const TemporaryFolder folder;
  const fs::path path = folder / "model";
  AtomicFile living(path);
  std::ofstream(folder / ".model.1-0.tmp") << "left behind";
  std::ofstream(folder / ".model.txt.1-0.tmp") << "of another file";
  std::ofstream(folder / ".model.notes.tmp") << "of a user";
  write_file_atomically(path, "new");
  EXPECT_FALSE(fs::exists(folder / ".model.1-0.tmp"));
  EXPECT_TRUE(fs::exists(folder / ".model.txt.1-0.tmp"));
  EXPECT_TRUE(fs::exists(folder / ".model.notes.tmp"));
  living.write("newer");
  living.commit();
  EXPECT_EQ(read_file(path, kEnough), "newer");
}

/// What a writer does that begins now.
void remove_what_no_lock_holds(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const int descriptor = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) continue;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
    ::close(descriptor);
  }
}

TEST(AtomicFileTest, IsNotTakenForALeftoverWhileItBegins) {
  const TemporaryFolder folder;
  std::atomic<bool> done = false;
  std::thread rival([&] {
    while (!done) remove_what_no_lock_holds(folder.path());
  });
  int lost = 0;
  for (int i = 0; i < 5000; ++i) {
    const AtomicFile file(folder / "model");
    lost += folder.entries() == 0 ? 1 : 0;
  }
  done = true;
  rival.join();
  EXPECT_EQ(lost, 0);
}

TEST(AtomicFileTest, TellsALostTemporaryFromALostFolder) {
  const TemporaryFolder folder;
  const fs::path path = folder / "sub/a";
  fs::create_directory(folder / "sub");
  AtomicFile file(path);
  for (const auto& entry : fs::directory_iterator(folder / "sub")) fs::remove(entry);
  EXPECT_THAT(message_of([&] { file.commit(); }),
              AllOf(HasSubstr("sub/a: cannot write: another program removed its temporary file "),
                    HasSubstr("; try again")));
  AtomicFile other(path);
  fs::remove_all(folder / "sub");
  EXPECT_THAT(message_of([&] { other.commit(); }), HasSubstr("; create the folder "));
}

TEST(AtomicFileTest, KeepsPermissionsAndSymbolicLinks) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "real", "old");
  ASSERT_EQ(::chmod((folder / "real").c_str(), 0640), 0);
  fs::create_symlink("real", folder / "link");
  write_file_atomically(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "real", kEnough), "new");
  EXPECT_EQ(static_cast<unsigned>(fs::status(folder / "real").permissions()), 0640u);
}

TEST(AtomicFileTest, NamesPathReasonAndMeans) {
  const TemporaryFolder folder;
  const fs::path missing = folder / "no folder/a";
  EXPECT_EQ(message_of([&] { write_file_atomically(missing, "x"); }),
            fmt::format("{}: cannot write: No such file or directory; create the folder {} first",
                        missing.string(), missing.parent_path().string()));
  EXPECT_EQ(message_of([&] { write_file_atomically(folder.path(), "x"); }),
            fmt::format("{}: cannot write: Is a directory; choose the name of a file",
                        folder.path().string()));
  // Where even root may not create files.
  EXPECT_THAT(message_of([&] { write_file_atomically("/proc/ebb", "x"); }),
              StartsWith("/proc/ebb: cannot write: "));
}

TEST(AtomicFileTest, ReportsAFolderWithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "old");
  ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
  EXPECT_THAT(message_of([&] { write_file_atomically(folder / "a", "new"); }),
              HasSubstr("cannot write: Permission denied; get the right to write in"));
  EXPECT_EQ(read_file(folder / "a", kEnough), "old");
  ::chmod(folder.path().c_str(), 0755);
}

TEST(AtomicFileTest, WritesDevicesDirectlyAndReportsAFullOne) {
  write_file_atomically("/dev/null", "x");
  EXPECT_FALSE(fs::is_regular_file("/dev/null"));
  const std::string text(100'000, 'x');
  EXPECT_THAT(message_of([&] { write_file_atomically("/dev/full", text); }),
              Eq("/dev/full: cannot write: No space left on device; choose another path"));
}

/// A file system of 64 KiB on a folder.
class SmallDisk {
 public:
  explicit SmallDisk(const fs::path& folder)
      : folder_(folder), mounted_(::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=64k") == 0) {}
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount(folder_.c_str());
  }
  bool mounted() const { return mounted_; }

 private:
  fs::path folder_;
  bool mounted_;
};

TEST(AtomicFileTest, KeepsTheOldFileOnAFullDisk) {
  const TemporaryFolder folder;
  const SmallDisk disk(folder.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small file system needs root";
  const fs::path path = folder / "a";
  write_file_atomically(path, "old");
  const std::string message =
      message_of([&] { write_file_atomically(path, std::string(200'000, 'x')); });
  // 64 KiB, less the page of the old file: what the new one took is free again.
  EXPECT_THAT(message, AllOf(HasSubstr("No space left on device; at least 200000 bytes are needed, "
                                       "61440 are free; free some space"),
                             StartsWith(path.string() + ": cannot write")));
  EXPECT_EQ(read_file(path, kEnough), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFileTest, ReportsALimitOnTheSizeOfFiles) {
  const TemporaryFolder folder;
  const fs::path path = folder / "a";
  write_file_atomically(path, "old");
  struct rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small = {1000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message =
      message_of([&] { write_file_atomically(path, std::string(5000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, AllOf(HasSubstr("cannot write: File too large"), HasSubstr("ulimit -f")));
  EXPECT_EQ(read_file(path, kEnough), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(ReadFileTest, ReportsWhatItCannotRead) {
  const TemporaryFolder folder;
  const fs::path path = folder / "a";
  EXPECT_EQ(
      message_of([&] { read_file(path, kEnough); }),
      fmt::format("{}: cannot read: No such file or directory; check the path", path.string()));
  EXPECT_EQ(message_of([&] { read_file(folder.path(), kEnough); }),
            fmt::format("{}: is a folder, expected a file", folder.path().string()));
  write_file_atomically(path, "12345");
  EXPECT_EQ(read_file(path, 5), "12345");
  EXPECT_EQ(message_of([&] { read_file(path, 4); }),
            fmt::format("{}: has 5 bytes or more, expected at most 4", path.string()));
  EXPECT_THAT(message_of([] { read_file("/dev/zero", 1 << 20); }), HasSubstr("or more"));
}

}  // namespace
}  // namespace ebb

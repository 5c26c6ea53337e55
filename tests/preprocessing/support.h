// What the tests of preprocessing/ share: scratch files, thread counts, asserted messages.
#pragma once

#include <filesystem>
#include <fstream>
#include <omp.h>
#include <string>
#include <string_view>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "preprocessing/csv/csv_reader.h"
#include "tests/support/message_of.h"
#include "tests/support/test_data.h"

namespace ebb::preprocessing {

/// A file in the temporary folder that lives as long as the object.
class ScratchFile {
 public:
  explicit ScratchFile(std::string_view content = "", std::string_view suffix = ".csv") {
    static int count = 0;
    path_ =
        std::filesystem::temp_directory_path() / ("ebb_test_" + std::to_string(::getpid()) + "_" +
                                                  std::to_string(count++) + std::string(suffix));
    std::ofstream(path_, std::ios::binary) << content;
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { std::filesystem::remove(path_); }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Sets the number of OpenMP threads until the end of the scope.
class ThreadCount {
 public:
  explicit ThreadCount(int count) : before_(omp_get_max_threads()) { omp_set_num_threads(count); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;
  ~ThreadCount() { omp_set_num_threads(before_); }

 private:
  int before_;
};

using ebb::testing::message_of;

/// Reads `text` as a CSV file.
inline Table read_text(std::string_view text, const CsvOptions& options = {}) {
  const ScratchFile file(text);
  return read_csv(file.path(), options);
}

/// The message with which reading `text` fails, its file's path replaced by FILE.
inline std::string read_error(std::string_view text, const CsvOptions& options = {}) {
  const ScratchFile file(text);
  std::string message = message_of([&] { read_csv(file.path(), options); });
  if (const auto at = message.find(file.path().string()); at != std::string::npos) {
    message.replace(at, file.path().string().size(), "FILE");
  }
  return message;
}

/// Two tables with the same columns, values and lines.
inline void expect_equal(const Table& a, const Table& b) {
  ASSERT_EQ(a.names(), b.names());
  ASSERT_EQ(a.rows(), b.rows());
  EXPECT_EQ(a.lines(), b.lines());
  for (std::size_t i = 0; i < a.columns().size(); ++i) {
    const Column& x = a.columns()[i];
    const Column& y = b.columns()[i];
    EXPECT_EQ(x.kind, y.kind) << x.name;
    EXPECT_EQ(x.codes, y.codes) << x.name;
    EXPECT_EQ(x.levels, y.levels) << x.name;
    EXPECT_EQ(x.integers, y.integers) << x.name;
    ASSERT_EQ(x.numbers.size(), y.numbers.size()) << x.name;
    for (std::size_t row = 0; row < x.numbers.size(); ++row) {
      EXPECT_TRUE(x.numbers[row] == y.numbers[row] || (x.is_missing(row) && y.is_missing(row)))
          << x.name << " row " << row;
    }
  }
}

/// A path in the folder of real data, which is absent on most machines; skips the test without it.
#define EBB_REAL_DATA(variable, name)                                     \
  const std::filesystem::path variable = ebb::testing::shared_data(name); \
  if (!std::filesystem::exists(variable)) GTEST_SKIP() << "no " << variable

}  // namespace ebb::preprocessing

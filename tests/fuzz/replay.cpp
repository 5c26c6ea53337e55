// Calls a fuzz target for every file of the folders named, where libFuzzer's own main is not
// linked.
#include <algorithm>
#include <filesystem>
#include <vector>

#include "engine/io/atomic_file.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 24;

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t files = 0;
  for (int i = 1; i < count; ++i) {
    for (const std::filesystem::path& file : files_in(arguments[i])) {
      std::printf("%s\n", file.c_str());
      std::fflush(stdout);  // so that the last name is that of a file which ends the process
      const std::string content = ebb::read_file(file, kMostBytes);
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
      ++files;
    }
  }
  ebb::fuzzing::require(files > 0, "there is a file to replay");
  return 0;
}

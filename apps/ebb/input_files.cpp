#include "apps/ebb/input_files.h"

#include "apps/ebb/usage.h"

namespace ebb::program {

namespace fs = std::filesystem;

void refuse_replacing(const char* option, const fs::path& out,
                      const std::vector<std::string>& inputs) {
  std::error_code error;
  if (!fs::is_regular_file(out, error)) return;
  for (const std::string& input : inputs) {
    if (fs::equivalent(out, input == "-" ? "/dev/stdin" : input, error)) {
      fail<UsageError>("{} {}: this file is read, and would be lost: choose another name", option,
                       out.string());
    }
  }
}

}  // namespace ebb::program

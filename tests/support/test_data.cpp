#include "tests/support/test_data.h"

#include <cstdlib>

namespace ebb::testing {

std::filesystem::path test_data(std::string_view name) {
  const char* folder = std::getenv("EBB_TEST_DATA");
  return std::filesystem::path(folder == nullptr ? EBB_TEST_DATA : folder) / name;
}

std::filesystem::path shared_data(std::string_view name) {
  return std::filesystem::path(EBB_SHARED_DATA) / name;
}

}  // namespace ebb::testing

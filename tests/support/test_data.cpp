#include "tests/support/test_data.h"

namespace ebb::testing {

std::filesystem::path test_data(std::string_view name) {
  return std::filesystem::path(EBB_TEST_DATA) / name;
}

std::filesystem::path shared_data(std::string_view name) {
  return std::filesystem::path(EBB_SHARED_DATA) / name;
}

}  // namespace ebb::testing

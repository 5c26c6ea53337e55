// Where tables and fixtures for tests lie.
#pragma once

#include <filesystem>
#include <string_view>

namespace ebb::testing {

/// A file of tests/data; of the folder that EBB_TEST_DATA names, where tests run elsewhere than
/// they were built.
std::filesystem::path test_data(std::string_view name);

/// A file of the folder of real data sets beside the tree, which may be absent.
std::filesystem::path shared_data(std::string_view name);

}  // namespace ebb::testing

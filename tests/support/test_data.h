// Where tables and fixtures for tests lie.
#pragma once

#include <filesystem>
#include <string_view>

namespace ebb::testing {

/// A file of tests/data.
std::filesystem::path test_data(std::string_view name);

/// A file of the folder of real data sets beside the tree, which may be absent.
std::filesystem::path shared_data(std::string_view name);

}  // namespace ebb::testing

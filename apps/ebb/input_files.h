// Files that are read are not replaced.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ebb::program {

/// Throws UsageError if the file `out`, which `option` has ebb write, is one of `inputs`, by
/// whatever name; "-" among them is the file that standard input comes from.
void refuse_replacing(const char* option, const std::filesystem::path& out,
                      const std::vector<std::string>& inputs);

}  // namespace ebb::program

// Files that are read are not replaced, nor is one that is written replaced by another.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ebb::program {

/// What tables may be, for --help.
inline constexpr const char* kTableFormats =
    "CSV, TSV or JSON lines, plain, .gz, .xz or .zst; - for stdin";

/// The name with ASCII letters in lower case, to look at its ending.
std::string lower_case(std::string name);

/// Throws UsageError if the file `out`, which `option` has ebb write, is one of `inputs`, by
/// whatever name; "-" among them is the file that standard input comes from.
void refuse_replacing(const char* option, const std::filesystem::path& out,
                      const std::vector<std::string>& inputs);

/// Throws UsageError if the name `out` promises another format than CSV.
void refuse_other_format(const char* option, const std::string& out);

/// Throws UsageError if two options have ebb write one file, by whatever names. Devices and pipes
/// take both, but standard output, "-", does not. An empty name is none.
void refuse_same_output(const char* option, const std::string& out, const char* other_option,
                        const std::string& other);

}  // namespace ebb::program

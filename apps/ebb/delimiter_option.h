// The option --delimiter, which the commands that read a table share.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace ebb::program {

/// Declares `--delimiter NAME`, which fills `name`.
CLI::Option* declare_delimiter(CLI::App& command, std::string& name);

/// The delimiter of a name that the option takes; none of "": it is found from the file.
std::optional<char> delimiter_of(const std::string& name);

}  // namespace ebb::program

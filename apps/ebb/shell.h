// Commands as text that can be pasted into a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ebb::program {

/// The argument as a POSIX shell must see it: itself, or in single quotes.
std::string shell_quoted(std::string_view argument);
std::string shell_quoted(const std::vector<std::string>& command);

}  // namespace ebb::program

#include "apps/ebb/delimiter_option.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "apps/ebb/limits.h"

namespace ebb::program {
namespace {

constexpr std::string_view kDelimiters = ",;\t| ";
const std::vector<std::string> kDelimiterNames = {"comma", "semicolon", "tab", "pipe", "blanks"};

}  // namespace

CLI::Option* declare_delimiter(CLI::App& command, std::string& name) {
  return command
      .add_option("--delimiter", name,
                  "Between fields: comma, semicolon, tab, pipe, or blanks for columns aligned by "
                  "blanks (found from the file, but for blanks)")
      ->check(one_of(kDelimiterNames))
      ->type_name("NAME");
}

std::optional<char> delimiter_of(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto at =
      std::find(kDelimiterNames.begin(), kDelimiterNames.end(), name) - kDelimiterNames.begin();
  return kDelimiters[static_cast<std::size_t>(at)];
}

}  // namespace ebb::program

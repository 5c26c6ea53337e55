// RunConfig to TOML.
#include <fmt/format.h>

#include "apps/churn/config/config_file.h"
#include "apps/churn/config/setting.h"

namespace ebb::churn {
namespace {

constexpr std::size_t kCommentColumn = 36;

std::string header(const std::vector<std::string>& table) {
  std::string name;
  for (const std::string& part : table)
    name += fmt::format("{}{}", name.empty() ? "" : ".", toml_key(part));
  return fmt::format("[{}]\n", name);
}

}  // namespace

std::string to_toml(const RunConfig& config, TomlComments comments) {
  std::string out;
  std::vector<std::string> table;
  for (const Setting& setting : settings(config)) {
    if (setting.table != table) {
      table = setting.table;
      if (!out.empty()) out += '\n';
      out += header(table);
    }
    const std::string line =
        fmt::format("{} = {}", toml_key(setting.key), to_toml(setting.get(config)));
    out += comments == TomlComments::each_setting
               ? fmt::format("{:<{}}  # {}\n", line, kCommentColumn, setting.comment)
               : line + '\n';
  }
  return out;
}

}  // namespace ebb::churn

// The option --drop-columns, which several subcommands share.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace ebb::program {

/// Declares `--drop-columns A,B`, which fills `names`.
inline CLI::Option* declare_drop_columns(CLI::App& command, std::vector<std::string>& names,
                                         const char* description) {
  return command.add_option("--drop-columns", names, description)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("A,B");
}

}  // namespace ebb::program

#include "apps/ebb/precision_option.h"

#include <CLI/CLI.hpp>

#include "apps/ebb/limits.h"

namespace ebb::program {

CLI::Option* declare_precision(CLI::App& command, std::optional<Precision>& precision,
                               const char* description) {
  const auto read = [&precision](const std::string& name) {
    for (const Precision known : kPrecisions) {
      if (name == name_of(known)) precision = known;
    }
  };
  return command.add_option_function<std::string>("--precision", read, description)
      ->check(one_of({"f32", "tf32", "bf16"}))
      ->type_name("NAME");
}

}  // namespace ebb::program

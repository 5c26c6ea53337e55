#include "apps/ebb/precision_option.h"

#include <CLI/CLI.hpp>

#include "apps/ebb/limits.h"

namespace ebb::program {

CLI::Option* declare_precision(CLI::App& command, std::optional<Precision>& precision,
                               const char* subject, const char* effect) {
  const auto read = [&precision](const std::string& name) {
    for (const Precision known : kPrecisions) {
      if (name == name_of(known)) precision = known;
    }
  };
  const std::string description = fmt::format(
      "{}f32; tf32 in attention, on a GPU; or bf16 in linear layers, on a GPU or a processor with "
      "AVX-512 BF16 or AMX{} (f32)",
      subject, effect);
  return command.add_option_function<std::string>("--precision", read, description)
      ->check(one_of({"f32", "tf32", "bf16"}))
      ->type_name("NAME");
}

}  // namespace ebb::program

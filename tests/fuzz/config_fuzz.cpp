// TOML settings: what is accepted, written as TOML, reads back as the same settings.
#include "apps/churn/config/config_file.h"
#include "tests/fuzz/fuzz_target.h"

namespace ebb::churn {
namespace {

using fuzzing::accepted;
using fuzzing::require;

void check(std::string_view text) {
  const auto config = accepted([&] { return parse_config(text, "config.toml"); });
  if (!config) return;
  require(changed_settings(*config, *config).empty(), "settings are equal to themselves");
  const bool is_valid = accepted([&] { return validate(*config), true; }).has_value();
  const std::string spelled = to_toml(*config, TomlComments::none);
  const std::string commented = to_toml(*config);
  // Text that is not UTF-8 can be set on the command line only, and validate() refuses it.
  const RunConfig again = parse_config(spelled, "spelled");
  require(again == *config, "settings written without comments read back");
  require(parse_config(commented, "commented") == *config, "settings with comments read back");
  require(to_toml(again, TomlComments::none) == spelled, "equal settings are spelled equally");
  require(accepted([&] { return validate(again), true; }).has_value() == is_valid,
          "equal settings are equally valid");
}

}  // namespace
}  // namespace ebb::churn

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ebb::churn::check(ebb::fuzzing::as_text(data, size));
  return 0;
}

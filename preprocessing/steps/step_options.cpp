#include "preprocessing/steps/step_options.h"

#include "preprocessing/common/names.h"

namespace ebb::preprocessing {
namespace {

std::string begin_of(const StepDeclaration& declaration) {
  return fmt::format("{}{}step \"{}\"", declaration.place, declaration.place.empty() ? "" : ": ",
                     declaration.kind);
}

}  // namespace

std::optional<JsonReader> StepOptions::find(std::string_view key) {
  known_.emplace(key);
  const auto found = declaration_.options.find(std::string(key));
  if (found == declaration_.options.end()) return std::nullopt;
  return JsonReader(*found, fmt::format("{}: {}", begin_of(declaration_), key), "");
}

bool StepOptions::has(std::string_view key) { return find(key).has_value(); }

bool StepOptions::holds_number(std::string_view key) {
  known_.emplace(key);
  const auto found = declaration_.options.find(std::string(key));
  return found != declaration_.options.end() && found->is_number();
}

std::string StepOptions::text(std::string_view key, std::string_view fallback) {
  const auto reader = find(key);
  return reader ? reader->text() : std::string(fallback);
}

bool StepOptions::boolean(std::string_view key, bool fallback) {
  const auto reader = find(key);
  return reader ? reader->boolean() : fallback;
}

double StepOptions::number(std::string_view key, double fallback) {
  const auto reader = find(key);
  return reader ? reader->number() : fallback;
}

std::uint64_t StepOptions::count(std::string_view key, std::uint64_t fallback, std::uint64_t least,
                                 std::uint64_t most) {
  const auto reader = find(key);
  if (!reader) return fallback;
  const std::uint64_t value = reader->count();
  if (value < least) reader->refuse(fmt::format("{}, expected at least {}", value, least));
  if (value > most) reader->refuse(fmt::format("{}, expected at most {}", value, most));
  return value;
}

std::vector<std::string> StepOptions::texts(std::string_view key) {
  const auto reader = find(key);
  return reader ? reader->texts() : std::vector<std::string>();
}

std::vector<double> StepOptions::numbers(std::string_view key) {
  const auto reader = find(key);
  return reader ? reader->numbers() : std::vector<double>();
}

void StepOptions::refuse_unknown() const {
  for (const auto& [key, unused] : declaration_.options.items()) {
    if (known_.contains(key)) continue;
    const std::vector<std::string> names(known_.begin(), known_.end());
    refuse(fmt::format("unknown option \"{}\".{}", key, suggest_names(key, names)));
  }
}

void StepOptions::refuse(std::string_view key, std::string_view problem) const {
  refuse(fmt::format("{}: {}", key, problem));
}

void StepOptions::refuse(std::string_view problem) const {
  fail<DataError>("{}: {}", begin_of(declaration_), problem);
}

}  // namespace ebb::preprocessing

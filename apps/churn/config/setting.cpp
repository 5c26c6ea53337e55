#include "apps/churn/config/setting.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ebb::churn {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string spell(double value) {
  std::string text = fmt::format("{}", value);
  // Without a point or exponent it would be a whole number to TOML.
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

/// A value of a step's options, as TOML spells it.
std::string spell(const nlohmann::json& value) {
  if (value.is_string()) return quoted(value.get<std::string>());
  if (value.is_number_float()) return spell(value.get<double>());
  if (!value.is_array()) return value.dump();
  std::string list;
  for (const nlohmann::json& element : value)
    list += fmt::format("{}{}", list.empty() ? "" : ", ", spell(element));
  return fmt::format("[{}]", list);
}

std::string spell(const preprocessing::StepDeclaration& step) {
  std::string text = fmt::format("{{ step = {}", quoted(step.kind));
  for (const auto& [key, value] : step.options.items())
    text += fmt::format(", {} = {}", toml_key(key), spell(value));
  return text + " }";
}

}  // namespace

std::string toml_key(const std::string& name) {
  const bool is_bare = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return is_bare ? name : quoted(name);
}

std::string full_name(const Setting& setting) {
  std::string name;
  for (const std::string& part : setting.table) name += toml_key(part) + '.';
  return name + toml_key(setting.key);
}

std::string to_toml(const SettingValue& value) {
  struct Spell {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return spell(number); }
    std::string operator()(const std::string& text) const { return quoted(text); }
    std::string operator()(const std::vector<std::string>& texts) const {
      std::string list;
      for (const std::string& text : texts)
        list += fmt::format("{}{}", list.empty() ? "" : ", ", quoted(text));
      return fmt::format("[{}]", list);
    }
    std::string operator()(const std::vector<preprocessing::StepDeclaration>& steps) const {
      if (steps.empty()) return "[]";
      std::string list;
      for (const preprocessing::StepDeclaration& step : steps)
        list += fmt::format("  {},\n", spell(step));
      return fmt::format("[\n{}]", list);
    }
  };
  return std::visit(Spell{}, value);
}

}  // namespace ebb::churn

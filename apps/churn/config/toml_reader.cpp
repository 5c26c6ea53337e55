#include "apps/churn/config/toml_reader.h"

#include <cmath>

#include "apps/churn/config/hardened_toml.h"
#include "preprocessing/common/names.h"

namespace ebb::churn {
namespace {

/// As a JSON pointer spells a key (RFC 6901).
std::string escaped(std::string_view key) {
  std::string text;
  for (const char c : key) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

nlohmann::json json_of_node(const toml::node& node, std::string_view source,
                            const std::string& pointer, TomlDocument& document) {
  const std::string place = toml_text::where(source, node.source());
  document.places[pointer] = place;
  if (const toml::table* table = node.as_table()) {
    nlohmann::json object = nlohmann::json::object();
    for (const auto& [key, value] : *table) {
      object[std::string(key.str())] =
          json_of_node(value, source, pointer + '/' + escaped(key.str()), document);
    }
    return object;
  }
  if (const toml::array* array = node.as_array()) {
    nlohmann::json list = nlohmann::json::array();
    for (const toml::node& element : *array) {
      list.push_back(
          json_of_node(element, source, fmt::format("{}/{}", pointer, list.size()), document));
    }
    return list;
  }
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  if (const auto whole = node.value_exact<std::int64_t>()) return *whole;
  if (const auto number = node.value_exact<double>(); number && std::isfinite(*number)) {
    return *number;
  }
  fail<DataError>("{}: expected a text, a finite number, true or false, a list or a table", place);
}

}  // namespace

TomlDocument parse_toml(std::string_view text, std::string_view source) {
  const toml::table root = toml_text::parse(text, source);
  TomlDocument document;
  document.root = json_of_node(root, source, "", document);
  document.places[""] = source;
  return document;
}

TomlReader::TomlReader(const TomlDocument& document, std::string pointer)
    : document_(document),
      pointer_(std::move(pointer)),
      value_(document.root.at(nlohmann::json::json_pointer(pointer_))) {}

void TomlReader::expect_keys(std::span<const std::string> keys) const {
  for (const auto& [key, value] : members()) {
    if (preprocessing::contains(keys, key)) continue;
    value.refuse(
        fmt::format("unknown key \"{}\".{}", key, preprocessing::suggest_names(key, keys)));
  }
}

bool TomlReader::has(std::string_view key) const {
  if (!value_.is_object()) refuse("expected a table");
  return value_.contains(key);
}

TomlReader TomlReader::member(std::string_view key) const {
  if (!has(key)) refuse(fmt::format("the key {} is missing", key));
  return TomlReader(document_, pointer_ + '/' + escaped(key));
}

std::vector<std::pair<std::string, TomlReader>> TomlReader::members() const {
  if (!value_.is_object()) refuse("expected a table");
  std::vector<std::pair<std::string, TomlReader>> found;
  for (const auto& [key, value] : value_.items()) found.emplace_back(key, member(key));
  return found;
}

std::vector<TomlReader> TomlReader::elements() const {
  if (!value_.is_array()) refuse("expected a list");
  std::vector<TomlReader> found;
  for (std::size_t i = 0; i < value_.size(); ++i) {
    found.emplace_back(document_, fmt::format("{}/{}", pointer_, i));
  }
  return found;
}

double TomlReader::number(double lowest, double highest) const {
  if (!value_.is_number() || value_.get<double>() < lowest || value_.get<double>() > highest) {
    refuse(fmt::format("expected a number from {} to {}", lowest, highest));
  }
  return value_.get<double>();
}

std::string TomlReader::text() const {
  if (!value_.is_string() || value_.get_ref<const std::string&>().empty()) {
    refuse("expected a text that is not empty");
  }
  return value_.get<std::string>();
}

std::vector<std::string> TomlReader::one_or_more_texts() const {
  if (value_.is_string()) return {text()};
  if (!value_.is_array() || value_.empty()) refuse("expected a text, or a list of them");
  std::vector<std::string> texts;
  for (const TomlReader& element : elements()) texts.push_back(element.text());
  return texts;
}

void TomlReader::refuse(std::string_view problem) const {
  const std::string key = pointer_.substr(pointer_.rfind('/') + 1);
  fail<DataError>("{}: {}{}", document_.places.at(pointer_), key.empty() ? "" : key + ": ",
                  problem);
}

}  // namespace ebb::churn

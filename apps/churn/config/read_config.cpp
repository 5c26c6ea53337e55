// TOML to RunConfig.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "apps/churn/config/config_file.h"
#include "apps/churn/config/hardened_toml.h"
#include "apps/churn/config/setting.h"
#include "apps/churn/config/toml_text.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/error.h"
#include "preprocessing/common/names.h"

namespace ebb::churn {
namespace {

using Path = std::vector<std::string>;

constexpr std::string_view kPresetKey = "preset";

std::string type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return fmt::format("the text {}", to_toml(SettingValue(node.value_or(std::string()))));
    case toml::node_type::integer:
      return fmt::format("the whole number {}", node.value_or(std::int64_t{0}));
    case toml::node_type::floating_point:
      return fmt::format("the number {}", node.value_or(0.0));
    case toml::node_type::boolean:
      return node.value_or(false) ? "true" : "false";
    default:
      return "a date or time";
  }
}

std::optional<std::vector<std::string>> as_texts(const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const toml::node& element : *array) {
    const std::optional<std::string> text = element.value_exact<std::string>();
    if (!text) return std::nullopt;
    texts.push_back(*text);
  }
  return texts;
}

template <class T>
std::optional<SettingValue> wrap(const std::optional<T>& value) {
  return value ? std::optional<SettingValue>(*value) : std::nullopt;
}

/// A value of a step's options; empty for what they do not have: dates, tables, infinities.
std::optional<nlohmann::json> as_json(const toml::node& node) {
  if (const auto* array = node.as_array()) {
    nlohmann::json list = nlohmann::json::array();
    for (const toml::node& element : *array) {
      const std::optional<nlohmann::json> value = as_json(element);
      if (!value) return std::nullopt;
      list.push_back(*value);
    }
    return list;
  }
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  if (const auto whole = node.value_exact<std::int64_t>()) return *whole;
  if (const auto number = node.value_exact<double>(); number && std::isfinite(*number))
    return *number;
  return std::nullopt;
}

/// Throws DataError with the place for a step that is no table, has no kind, or an option that
/// is a table or a date.
preprocessing::StepDeclaration as_step(const toml::node& node, std::string_view source) {
  const std::string place = toml_text::where(source, node.source());
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    fail<DataError>("{}: a step is {}, expected a table such as {{ step = \"fill\" }}", place,
                    type_name(node));
  }
  preprocessing::StepDeclaration step;
  step.place = place;
  for (const auto& [key, value] : *table) {
    const std::optional<nlohmann::json> option = as_json(value);
    if (!option) {
      fail<DataError>(
          "{}: {} is {}, expected a finite number, a text, true or false, or a list of them",
          toml_text::where(source, value.source()), key.str(), type_name(value));
    }
    if (key.str() != "step") {
      step.options[std::string(key.str())] = *option;
    } else if (!option->is_string()) {
      fail<DataError>("{}: step is {}, expected a text", toml_text::where(source, value.source()),
                      type_name(value));
    } else {
      step.kind = option->get<std::string>();
    }
  }
  if (step.kind.empty()) fail<DataError>("{}: the key step is missing: which step it is", place);
  return step;
}

std::optional<SettingValue> as_steps(const toml::node& node, std::string_view source) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<preprocessing::StepDeclaration> steps;
  for (const toml::node& element : *array) steps.push_back(as_step(element, source));
  return steps;
}

/// The node's value as the alternative that `like` holds; empty if it is of another type. A whole
/// number will do where a number is asked for.
std::optional<SettingValue> value_of(const toml::node& node, const SettingValue& like,
                                     std::string_view source) {
  using Steps = std::vector<preprocessing::StepDeclaration>;
  if (std::holds_alternative<Steps>(like)) return as_steps(node, source);
  if (std::holds_alternative<bool>(like)) return wrap(node.value_exact<bool>());
  if (std::holds_alternative<std::int64_t>(like)) return wrap(node.value_exact<std::int64_t>());
  if (std::holds_alternative<std::string>(like)) return wrap(node.value_exact<std::string>());
  if (std::holds_alternative<double>(like)) {
    return node.is_number() ? wrap(node.value<double>()) : std::nullopt;
  }
  return wrap(as_texts(node));
}

class ConfigReader {
 public:
  ConfigReader(const toml::table& root, std::string_view source) : root_(root), source_(source) {}

  RunConfig read() {
    RunConfig config = preset(preset_name());
    for (const std::string& name : column_names(kDeclaredColumnsTable, false)) {
      config.data.columns[name] = {};
    }
    apply(config);
    // An override starts from the general options, which are known only now.
    for (const std::string& name : column_names(kNumberColumnsTable, true)) {
      config.preprocessing.number_columns[name] = config.preprocessing.numbers;
    }
    for (const std::string& name : column_names(kCategoryColumnsTable, true)) {
      config.preprocessing.category_columns[name] = config.preprocessing.categories;
    }
    const std::vector<Setting> list = apply(config);
    known_tables_ = {{}, kDeclaredColumnsTable, kNumberColumnsTable, kCategoryColumnsTable};
    for (const Setting& setting : list) {
      keys_[setting.table].push_back(setting.key);
      for (Path table = setting.table; !table.empty(); table.pop_back()) {
        known_tables_.insert(table);
      }
    }
    keys_[{}].push_back(std::string(kPresetKey));
    refuse_unknown(root_, {});
    return config;
  }

 private:
  std::string preset_name() const {
    const toml::node* node = root_.get(kPresetKey);
    if (node == nullptr) return presets().front().name;
    const std::optional<std::string> name = node->value_exact<std::string>();
    if (!name) {
      fail<DataError>("{}: preset is {}, expected a text",
                      toml_text::where(source_, node->source()), type_name(*node));
    }
    try {
      return static_cast<void>(preset(*name)), *name;
    } catch (const DataError& error) {
      fail<DataError>("{}: {}", toml_text::where(source_, node->source()), error.what());
    }
  }

  const toml::node* find(const Path& path) const {
    const toml::node* node = &root_;
    for (const std::string& name : path) {
      const toml::table* table = node->as_table();
      node = table == nullptr ? nullptr : table->get(name);
      if (node == nullptr) return nullptr;
    }
    return node;
  }

  /// The keys of a table that names columns; `holds_tables`: each must be a table itself.
  std::vector<std::string> column_names(const Path& path, bool holds_tables) const {
    std::vector<std::string> names;
    const toml::node* node = find(path);
    if (node == nullptr || !node->is_table()) return names;
    for (const auto& [key, value] : *node->as_table()) {
      if (holds_tables && !value.is_table()) refuse_no_table(join(path, key.str()), value);
      names.emplace_back(key.str());
    }
    return names;
  }

  /// Sets what the file has of config's settings, and returns their list.
  std::vector<Setting> apply(RunConfig& config) const {
    std::vector<Setting> list = settings(config);
    for (const Setting& setting : list) {
      const toml::node* node = find(join(setting.table, setting.key));
      if (node == nullptr) continue;
      const std::optional<SettingValue> value = value_of(*node, setting.get(config), source_);
      if (!value || !setting.set(config, *value)) {
        fail<DataError>("{}: {} is {}, expected {}", toml_text::where(source_, node->source()),
                        full_name(setting), type_name(*node), setting.expected);
      }
    }
    return list;
  }

  void refuse_unknown(const toml::table& table, const Path& path) {
    for (const auto& [key, value] : table) {
      Path inner = join(path, key.str());
      const std::vector<std::string>& keys = keys_[path];
      if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
      if (known_tables_.contains(inner)) {
        if (!value.is_table()) refuse_no_table(inner, value);
        refuse_unknown(*value.as_table(), inner);
        continue;
      }
      fail<DataError>("{}: unknown {} \"{}\" {}.{}", toml_text::where(source_, key.source()),
                      value.is_table() ? "table" : "key", key.str(),
                      path.empty() ? "at the top level" : fmt::format("in [{}]", spell(path)),
                      preprocessing::suggest_names(key.str(), names_in(path)));
    }
  }

  /// Everything that may stand in a table: its keys, then the tables in it.
  std::vector<std::string> names_in(const Path& path) {
    std::vector<std::string> names = keys_[path];
    for (const Path& table : known_tables_) {
      if (table.size() == path.size() + 1 && std::equal(path.begin(), path.end(), table.begin())) {
        names.push_back(table.back());
      }
    }
    return names;
  }

  [[noreturn]] void refuse_no_table(const Path& path, const toml::node& node) const {
    fail<DataError>("{}: {} is {}, expected a table: [{}]",
                    toml_text::where(source_, node.source()), spell(path), type_name(node),
                    spell(path));
  }

  static Path join(Path path, std::string_view name) {
    path.emplace_back(name);
    return path;
  }
  static std::string spell(const Path& path) {
    std::string text;
    for (const std::string& name : path)
      text += fmt::format("{}{}", text.empty() ? "" : ".", toml_key(name));
    return text;
  }

  const toml::table& root_;
  std::string_view source_;
  std::set<Path> known_tables_;
  std::map<Path, std::vector<std::string>> keys_;  // by table
};

}  // namespace

RunConfig parse_config(std::string_view text, std::string_view source) {
  const toml::table root = toml_text::parse(text, source);
  return ConfigReader(root, source).read();
}

RunConfig load_config(const std::filesystem::path& path) {
  return parse_config(read_file(path, kMostTomlBytes), path.string());
}

}  // namespace ebb::churn

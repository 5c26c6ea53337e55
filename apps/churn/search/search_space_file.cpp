#include "apps/churn/search/search_space_file.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "apps/churn/config/config_file.h"
#include "apps/churn/config/toml_reader.h"
#include "apps/churn/config/toml_text.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/error.h"
#include "preprocessing/common/names.h"

namespace ebb::churn {
namespace {

using Names = std::vector<std::string>;

constexpr double kLargestNumber = std::numeric_limits<double>::max();
constexpr std::int64_t kMostGridPoints = 1000;

using Steps = std::vector<preprocessing::StepDeclaration>;

/// As [[preprocessing.steps]] has them: tables of a step and its options.
std::optional<SettingValue> steps_from(const nlohmann::json& list) {
  Steps steps;
  for (const nlohmann::json& element : list) {
    if (!element.is_object() || !element.contains("step") || !element["step"].is_string()) {
      return std::nullopt;
    }
    preprocessing::StepDeclaration step{.kind = element["step"].get<std::string>(),
                                        .options = element,
                                        .place = "the search space"};
    step.options.erase("step");
    steps.push_back(std::move(step));
  }
  return steps;
}

nlohmann::json json_of_steps(const Steps& steps) {
  nlohmann::json list = nlohmann::json::array();
  for (const preprocessing::StepDeclaration& step : steps) {
    nlohmann::json element = step.options;
    element["step"] = step.kind;
    list.push_back(std::move(element));
  }
  return list;
}

/// Trials share rows and seed, so that they can be compared, and run where the search does.
bool may_be_searched(const Setting& setting) {
  const std::string& table = setting.table.front();
  const std::string name = full_name(setting);
  return (table == "preprocessing" || table == "model" || table == "training" ||
          table == "decision") &&
         name != "training.seed" && name != "preprocessing.drop_duplicates";
}

class SpaceReader {
 public:
  explicit SpaceReader(const RunConfig& base) : base_(base), settings_(settings(base)) {}

  SearchSpace read(const TomlReader& root) const {
    root.expect_keys(Names{"search"});
    const TomlReader search = root.member("search");
    std::vector<SearchParameter> parameters;
    std::vector<std::pair<const Setting*, TomlReader>> origins;
    for (const auto& [name, table] : search.members()) {
      const Setting& setting = find(name, table);
      parameters.push_back(read_parameter(setting, table));
      origins.emplace_back(&setting, table);
    }
    if (parameters.empty()) search.refuse("no setting is searched");
    refuse_shared_settings(parameters, origins);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      read_conditions(origins[i].second, parameters, parameters[i]);
    }
    return SearchSpace(std::move(parameters));
  }

 private:
  const Setting& find(const std::string& name, const TomlReader& where) const {
    Names names;
    for (const Setting& setting : settings_) {
      if (full_name(setting) == name) return check_searchable(setting, where);
      if (setting.table.front() == name) {
        where.refuse(fmt::format("write the setting's whole name in quotes: [search.\"{}\"]",
                                 full_name(setting)));
      }
      if (may_be_searched(setting)) names.push_back(full_name(setting));
    }
    where.refuse(
        fmt::format("there is no such setting.{}", preprocessing::suggest_names(name, names)));
  }

  const Setting& check_searchable(const Setting& setting, const TomlReader& where) const {
    if (!may_be_searched(setting)) {
      where.refuse(
          "it cannot be searched: trials share data, split, seed and machine, so that they can be "
          "compared");
    }
    if (std::holds_alternative<std::vector<std::string>>(setting.get(base_))) {
      where.refuse("a list of names cannot be searched");
    }
    return setting;
  }

  SettingValue read_value(const Setting& setting, const TomlReader& value) const {
    const std::optional<SettingValue> read = setting_value(value.json(), setting.get(base_));
    RunConfig copy = base_;
    if (!read || !setting.set(copy, *read)) {
      value.refuse(fmt::format("{} is not {}", value.json().dump(), setting.expected));
    }
    return *read;
  }

  std::vector<SettingValue> read_values(const Setting& setting, const TomlReader& list,
                                        std::size_t fewest) const {
    std::vector<SettingValue> values;
    for (const TomlReader& element : list.elements()) {
      SettingValue value = read_value(setting, element);
      if (std::find(values.begin(), values.end(), value) != values.end()) {
        element.refuse("it is there twice");
      }
      values.push_back(std::move(value));
    }
    if (values.size() < fewest) list.refuse(fmt::format("expected {} values at least", fewest));
    return values;
  }

  SearchParameter read_parameter(const Setting& setting, const TomlReader& table) const {
    SearchParameter parameter{.name = full_name(setting), .like = setting.get(base_)};
    if (table.has("values")) {
      table.expect_keys(Names{"values", "also", "when"});
      parameter.values = read_values(setting, table.member("values"), 2);
    } else {
      table.expect_keys(Names{"low", "high", "log", "whole", "points", "also", "when"});
      read_range(setting, table, parameter);
    }
    if (table.has("also")) read_also(setting, table.member("also"), parameter);
    return parameter;
  }

  static bool flag(const TomlReader& table, const char* key, bool otherwise) {
    if (!table.has(key)) return otherwise;
    const TomlReader value = table.member(key);
    if (!value.json().is_boolean()) value.refuse("expected true or false");
    return value.json().get<bool>();
  }

  void read_range(const Setting& setting, const TomlReader& table,
                  SearchParameter& parameter) const {
    const bool is_whole = std::holds_alternative<std::int64_t>(parameter.like);
    if (!is_whole && !std::holds_alternative<double>(parameter.like)) {
      table.refuse(fmt::format("it is no number: give values = [...], {}", setting.expected));
    }
    for (const char* end : {"low", "high"}) {
      const TomlReader value = table.member(end);
      read_value(setting, value);
      (*end == 'l' ? parameter.range.low : parameter.range.high) =
          value.number(-kLargestNumber, kLargestNumber);
    }
    parameter.range.log = flag(table, "log", false);
    parameter.range.whole = flag(table, "whole", is_whole);
    if (is_whole && !parameter.range.whole) {
      table.member("whole").refuse("the setting is a whole number");
    }
    if (!(parameter.range.low < parameter.range.high)) {
      table.member("high").refuse("expected more than low");
    }
    if (parameter.range.log && !(parameter.range.low > 0.0)) {
      table.member("low").refuse("a range with log = true begins above 0");
    }
    if (table.has("points")) {
      const TomlReader points = table.member("points");
      if (!points.json().is_number_integer()) points.refuse("expected a whole number");
      parameter.points = static_cast<std::int64_t>(points.number(2, kMostGridPoints));
    }
  }

  void read_also(const Setting& setting, const TomlReader& list, SearchParameter& parameter) const {
    for (const TomlReader& element : list.elements()) {
      const Setting& other = find(element.text(), element);
      if (other.get(base_).index() != setting.get(base_).index()) {
        element.refuse(fmt::format("it is {}, {} is {}", other.expected, full_name(setting),
                                   setting.expected));
      }
      parameter.also.push_back(full_name(other));
    }
  }

  /// No setting gets its value from two tables.
  static void refuse_shared_settings(
      const std::vector<SearchParameter>& parameters,
      const std::vector<std::pair<const Setting*, TomlReader>>& origins) {
    Names taken;
    for (const SearchParameter& parameter : parameters) taken.push_back(parameter.name);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      for (const std::string& name : parameters[i].also) {
        if (preprocessing::contains(taken, name)) {
          origins[i].second.member("also").refuse(fmt::format("{} is searched twice", name));
        }
        taken.push_back(name);
      }
    }
  }

  void read_conditions(const TomlReader& table, const std::vector<SearchParameter>& parameters,
                       SearchParameter& parameter) const {
    if (!table.has("when")) return;
    Names names;
    for (const SearchParameter& other : parameters) names.push_back(other.name);
    for (const auto& [name, value] : table.member("when").members()) {
      if (!preprocessing::contains(names, name) || name == parameter.name) {
        value.refuse(fmt::format("a condition names another setting that is searched.{}",
                                 preprocessing::suggest_names(name, names)));
      }
      const Setting& setting = find(name, value);
      parameter.when[name] = value.json().is_array() ? read_values(setting, value, 1)
                                                     : std::vector{read_value(setting, value)};
    }
  }

  const RunConfig& base_;
  std::vector<Setting> settings_;
};

}  // namespace

SearchSpace parse_search_space(std::string_view toml, std::string_view source,
                               const RunConfig& base) {
  const TomlDocument document = parse_toml(toml, source);
  return SpaceReader(base).read(TomlReader(document));
}

SearchSpace load_search_space(const std::filesystem::path& path, const RunConfig& base) {
  return parse_search_space(read_file(path, kMostTomlBytes), path.string(), base);
}

std::string_view default_search_space() {
  return R"([search."training.learning_rate"]
low = 1e-4
high = 1e-2
log = true

[search."training.weight_decay"]
low = 1e-6
high = 1e-1
log = true

[search."model.dim"]
values = [32, 64, 128]

[search."model.layers"]
low = 1
high = 4

[search."model.feed_forward"]
values = [64, 128, 256]

[search."model.residual_dropout"]
low = 0.0
high = 0.5
also = ["model.attention_dropout", "model.activation_dropout"]

[search."model.number_embedding"]
values = ["linear", "piecewise_linear", "periodic"]

[search."model.bins"]
values = [8, 16, 32]
when = {"model.number_embedding" = "piecewise_linear"}

[search."model.frequency_deviation"]
low = 0.01
high = 1.0
log = true
when = {"model.number_embedding" = "periodic"}

[search."preprocessing.numbers.scaling"]
values = ["standard", "quantile_normal"]
)";
}

std::optional<SettingValue> setting_value(const nlohmann::json& json, const SettingValue& like) {
  if (std::holds_alternative<bool>(like) && json.is_boolean()) return json.get<bool>();
  if (std::holds_alternative<std::string>(like) && json.is_string()) return json.get<std::string>();
  if (std::holds_alternative<Steps>(like) && json.is_array()) return steps_from(json);
  if (std::holds_alternative<double>(like) && json.is_number()) return json.get<double>();
  const bool is_whole = json.is_number_integer() &&
                        (!json.is_number_unsigned() ||
                         json.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max());
  if (std::holds_alternative<std::int64_t>(like) && is_whole) return json.get<std::int64_t>();
  return std::nullopt;
}

nlohmann::json json_of(const SettingValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* steps = std::get_if<Steps>(&value)) return json_of_steps(*steps);
  return std::get<std::string>(value);
}

RunConfig configure(RunConfig base, const SearchSpace& space, const Assignment& assignment) {
  const std::vector<Setting> list = settings(base);
  for (const SearchParameter& parameter : space.parameters()) {
    const auto found = assignment.find(parameter.name);
    if (found == assignment.end()) continue;
    Names names = parameter.also;
    names.push_back(parameter.name);
    for (const Setting& setting : list) {
      if (!preprocessing::contains(names, full_name(setting))) continue;
      if (!setting.set(base, found->second)) {
        fail<DataError>("{} = {}: expected {}", full_name(setting), to_toml(found->second),
                        setting.expected);
      }
    }
  }
  return base;
}

std::optional<RunConfig> configure_if_valid(const RunConfig& base, const SearchSpace& space,
                                            const Assignment& assignment) {
  try {
    RunConfig config = configure(base, space, assignment);
    validate(config);
    return config;
  } catch (const DataError&) {
    return std::nullopt;
  }
}

std::optional<Assignment> assignment_of(const RunConfig& base, const SearchSpace& space) {
  Assignment values;
  for (const Setting& setting : settings(base)) values[full_name(setting)] = setting.get(base);
  // By the space itself, so that conditions are heeded and values are the space's own.
  Assignment own;
  for (const SearchParameter& parameter : space.parameters()) {
    own.emplace(parameter.name, values.at(parameter.name));
  }
  Assignment found = space.at(space.point_of(own));
  for (auto& [name, value] : found) {
    if (!space.contains(name, own.at(name))) return std::nullopt;
    value = own.at(name);
  }
  const RunConfig again = configure(base, space, found);
  return again == base ? std::optional(found) : std::nullopt;
}

}  // namespace ebb::churn

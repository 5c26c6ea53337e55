// Validation and comparison of configurations.
#include <array>
#include <map>

#include "apps/churn/config/config_file.h"
#include "apps/churn/config/setting.h"
#include "kernels/attention/attention.h"
#include "kernels/common/error.h"
#include "preprocessing/csv/fields.h"

namespace ebb::churn {
namespace {

/// Text in configurations and models is UTF-8 without NUL bytes.
void check_encoding(const std::string& name, const SettingValue& value) {
  const auto check = [&](const std::string& text) {
    try {
      preprocessing::check_text(text, 0, text.size(), 1, name);
    } catch (const DataError&) {
      fail<DataError>("{} is not valid UTF-8 text: \"{}\"", name, text);
    }
  };
  if (const auto* text = std::get_if<std::string>(&value)) check(*text);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    for (const std::string& text : *texts) check(text);
  }
  if (std::holds_alternative<std::vector<preprocessing::StepDeclaration>>(value)) {
    check(to_toml(value));
  }
}

void check_split(const SplitConfig& split) {
  if (!split.column.empty() && !split.test_data.empty()) {
    fail<DataError>(
        "split.column and split.test_data are both set: test rows come from one of them");
  }
  const std::array<std::pair<std::string_view, std::string_view>, 3> ways = {
      {{"split.column", split.column}, {"split.group", split.group}, {"split.time", split.time}}};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    for (std::size_t j = i + 1; j < ways.size(); ++j) {
      if (ways[i].second.empty() || ways[j].second.empty()) continue;
      fail<DataError>("{} and {} are both set: one of them says where a row belongs", ways[i].first,
                      ways[j].first);
    }
  }
  const double test = split.test_data.empty() ? split.test_fraction : 0.0;
  if (split.column.empty() && split.validation_fraction + test >= 1.0) {
    fail<DataError>(
        "split.validation_fraction = {} and split.test_fraction = {} leave no training rows: their "
        "sum must be below 1",
        split.validation_fraction, test);
  }
}

void check_roles(const DataConfig& data, const SplitConfig& split) {
  const auto refuse_same = [](std::string_view name, std::string_view first,
                              std::string_view second) {
    if (name.empty()) return;
    fail<DataError>("column \"{}\" is both {} and {}: it can be one of them", name, first, second);
  };
  if (data.target == data.id_column) refuse_same(data.target, "data.target", "data.id_column");
  for (const auto& [setting, name] :
       {std::pair<std::string_view, const std::string&>{"data.target", data.target},
        {"data.id_column", data.id_column}}) {
    if (data.weight_column == name) refuse_same(name, setting, "data.weight_column");
  }
  const auto is_ignored = [&](const std::string& name) {
    const auto found = data.columns.find(name);
    return found != data.columns.end() && found->second == preprocessing::DeclaredKind::ignore;
  };
  const std::array<std::pair<std::string_view, std::string>, 3> splitting = {
      {{"split.column", split.column}, {"split.group", split.group}, {"split.time", split.time}}};
  for (const auto& [setting, name] : splitting) {
    if (data.target == name) refuse_same(name, "data.target", setting);
    if (is_ignored(name)) refuse_same(name, setting, "declared to be ignored");
  }
  for (const std::string& name : data.drop_columns) {
    if (name == data.target) refuse_same(name, "data.target", "in data.drop_columns");
  }
  if (is_ignored(data.target)) refuse_same(data.target, "data.target", "declared to be ignored");
}

bool is_location(const Setting& setting) {
  const std::string name = full_name(setting);
  return setting.table.front() == "runtime" || name == "data.path" || name == "split.test_data";
}

/// Values by full name, in the order of settings().
std::vector<std::pair<std::string, std::string>> spelled(const RunConfig& config) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const Setting& setting : settings(config)) {
    if (!is_location(setting))
      values.emplace_back(full_name(setting), to_toml(setting.get(config)));
  }
  return values;
}

}  // namespace

void validate(const RunConfig& config) {
  RunConfig copy = config;
  for (const Setting& setting : settings(config)) {
    const SettingValue value = setting.get(config);
    if (!setting.set(copy, value)) {
      fail<DataError>("{} is {}, expected {}", full_name(setting), to_toml(value),
                      setting.expected);
    }
    check_encoding(full_name(setting), value);
  }
  if (config.model.dim % config.model.heads != 0) {
    fail<DataError>("model.dim = {} is not a multiple of model.heads = {}", config.model.dim,
                    config.model.heads);
  }
  if (config.model.dim / config.model.heads > kernels::kMaxHeadDim) {
    fail<DataError>("model.dim = {} is more than {} times model.heads = {}: take more heads",
                    config.model.dim, kernels::kMaxHeadDim, config.model.heads);
  }
  check_cost_matrix(config.decision.costs);
  check_campaign(config.decision.campaign);
  check_split(config.split);
  check_roles(config.data, config.split);
}

std::vector<std::string> changed_settings(const RunConfig& before, const RunConfig& after) {
  const auto old_values = spelled(before);
  const auto new_values = spelled(after);
  const std::map<std::string, std::string> old_by_name(old_values.begin(), old_values.end());
  const std::map<std::string, std::string> new_by_name(new_values.begin(), new_values.end());
  const auto value_in = [](const auto& values, const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string("not set") : found->second;
  };
  std::vector<std::string> changes;
  for (const auto& [name, value] : old_values) {
    if (const std::string now = value_in(new_by_name, name); now != value) {
      changes.push_back(fmt::format("{}: {} -> {}", name, value, now));
    }
  }
  for (const auto& [name, value] : new_values) {
    if (!old_by_name.contains(name)) {
      changes.push_back(fmt::format("{}: not set -> {}", name, value));
    }
  }
  return changes;
}

RunConfig without_location(RunConfig config) {
  const RunConfig defaults;
  for (const Setting& setting : settings(config)) {
    if (is_location(setting)) setting.set(config, setting.get(defaults));
  }
  return config;
}

}  // namespace ebb::churn

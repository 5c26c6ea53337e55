#include "apps/churn/search/search_space.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

double number_of(const SettingValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return std::get<double>(value);
}

/// A range on the axis on which it is even, in which a whole number owns 1/2 to both sides.
struct Axis {
  explicit Axis(const SearchRange& range)
      : low(place(range, range.whole ? range.low - 0.5 : range.low)),
        high(place(range, range.whole ? range.high + 0.5 : range.high)) {}

  static double place(const SearchRange& range, double number) {
    return range.log ? std::log(number) : number;
  }

  double low;
  double high;
};

SettingValue value_in_range(const SearchParameter& parameter, double coordinate) {
  const SearchRange& range = parameter.range;
  const Axis axis(range);
  double number = axis.low + coordinate * (axis.high - axis.low);
  if (range.log) number = std::exp(number);
  if (range.whole) number = std::round(number);
  // The ends are what the file says, also where exp(log(x)) is not x.
  if (coordinate <= 0.0) number = range.low;
  if (coordinate >= 1.0) number = range.high;
  number = std::clamp(number, range.low, range.high);
  if (std::holds_alternative<std::int64_t>(parameter.like)) {
    return static_cast<std::int64_t>(number);
  }
  return number;
}

double coordinate_in_range(const SearchRange& range, double number) {
  const Axis axis(range);
  return std::clamp((Axis::place(range, number) - axis.low) / (axis.high - axis.low), 0.0, 1.0);
}

std::size_t index_in(const std::vector<SettingValue>& values, const SettingValue& value) {
  const auto found = std::find(values.begin(), values.end(), value);
  return static_cast<std::size_t>(found - values.begin());
}

SettingValue value_at(const SearchParameter& parameter, double coordinate) {
  if (parameter.values.empty()) return value_in_range(parameter, coordinate);
  const auto count = static_cast<double>(parameter.values.size());
  const double index = std::clamp(std::floor(coordinate * count), 0.0, count - 1.0);
  return parameter.values[static_cast<std::size_t>(index)];
}

double coordinate_of(const SearchParameter& parameter, const SettingValue& value) {
  if (parameter.values.empty()) return coordinate_in_range(parameter.range, number_of(value));
  const auto index = static_cast<double>(index_in(parameter.values, value));
  return (index + 0.5) / static_cast<double>(parameter.values.size());
}

/// The values of a parameter in a grid.
std::vector<SettingValue> grid_values(const SearchParameter& parameter) {
  if (!parameter.values.empty()) return parameter.values;
  std::vector<SettingValue> values;
  const SearchRange& range = parameter.range;
  const double low = coordinate_in_range(range, range.low);
  const double high = coordinate_in_range(range, range.high);
  for (std::int64_t i = 0; i < parameter.points; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(parameter.points - 1);
    SettingValue value = value_in_range(parameter, low + share * (high - low));
    if (values.empty() || values.back() != value) values.push_back(std::move(value));
  }
  return values;
}

}  // namespace

bool SearchParameter::is_ordered() const {
  return values.empty() || std::holds_alternative<std::int64_t>(like) ||
         std::holds_alternative<double>(like);
}

SearchSpace::SearchSpace(std::vector<SearchParameter> parameters)
    : parameters_(std::move(parameters)) {
  order_parameters();
}

void SearchSpace::order_parameters() {
  std::set<std::string> placed;
  while (order_.size() < parameters_.size()) {
    const std::size_t before = order_.size();
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const SearchParameter& parameter = parameters_[i];
      const bool is_ready =
          std::all_of(parameter.when.begin(), parameter.when.end(),
                      [&](const auto& condition) { return placed.contains(condition.first); });
      if (is_ready && placed.insert(parameter.name).second) order_.push_back(i);
    }
    if (order_.size() > before) continue;
    for (const SearchParameter& parameter : parameters_) {
      if (placed.contains(parameter.name)) continue;
      fail<DataError>("{}: its condition depends on itself, or on what is not searched",
                      parameter.name);
    }
  }
}

bool SearchSpace::applies(const SearchParameter& parameter, const Assignment& others) const {
  return std::all_of(parameter.when.begin(), parameter.when.end(), [&](const auto& condition) {
    const auto found = others.find(condition.first);
    return found != others.end() &&
           index_in(condition.second, found->second) < condition.second.size();
  });
}

bool SearchSpace::contains(std::string_view name, const SettingValue& value) const {
  const auto found =
      std::find_if(parameters_.begin(), parameters_.end(),
                   [&](const SearchParameter& parameter) { return parameter.name == name; });
  if (found == parameters_.end() || found->like.index() != value.index()) return false;
  if (!found->values.empty()) return index_in(found->values, value) < found->values.size();
  const double number = number_of(value);
  return number >= found->range.low && number <= found->range.high &&
         (!found->range.whole || number == std::round(number));
}

Assignment SearchSpace::at(std::span<const double> point) const {
  Assignment assignment;
  for (const std::size_t i : order_) {
    const SearchParameter& parameter = parameters_[i];
    if (applies(parameter, assignment)) {
      assignment.emplace(parameter.name, value_at(parameter, point[i]));
    }
  }
  return assignment;
}

std::vector<double> SearchSpace::point_of(const Assignment& assignment) const {
  std::vector<double> point;
  for (const SearchParameter& parameter : parameters_) {
    const auto found = assignment.find(parameter.name);
    point.push_back(found == assignment.end() ? 0.5 : coordinate_of(parameter, found->second));
  }
  return point;
}

std::vector<double> SearchSpace::features(const Assignment& assignment) const {
  std::vector<double> features;
  for (const SearchParameter& parameter : parameters_) {
    const auto found = assignment.find(parameter.name);
    if (parameter.is_ordered()) {
      features.push_back(found == assignment.end() ? 0.5 : coordinate_of(parameter, found->second));
      continue;
    }
    for (const SettingValue& value : parameter.values) {
      const bool is_chosen = found != assignment.end() && found->second == value;
      features.push_back(is_chosen ? 1.0 / std::numbers::sqrt2 : 0.0);
    }
  }
  return features;
}

std::vector<std::size_t> SearchSpace::feature_parameters() const {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const std::size_t count = parameters_[i].is_ordered() ? 1 : parameters_[i].values.size();
    numbers.insert(numbers.end(), count, i);
  }
  return numbers;
}

std::vector<Assignment> SearchSpace::grid(std::size_t most) const {
  std::vector<Assignment> combinations = {{}};
  for (const std::size_t i : order_) {
    const std::vector<SettingValue> values = grid_values(parameters_[i]);
    std::vector<Assignment> longer;
    for (const Assignment& shorter : combinations) {
      if (!applies(parameters_[i], shorter)) {
        longer.push_back(shorter);
        continue;
      }
      for (const SettingValue& value : values) {
        longer.push_back(shorter);
        longer.back().emplace(parameters_[i].name, value);
      }
      if (longer.size() > most) {
        fail<DataError>("the grid has more than {} combinations: search fewer settings or values",
                        most);
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

std::string describe(const SettingValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{:.4g}", *number);
  const auto* steps = std::get_if<std::vector<preprocessing::StepDeclaration>>(&value);
  if (steps == nullptr) return to_toml(value);
  std::string kinds;
  for (const preprocessing::StepDeclaration& step : *steps) {
    kinds += fmt::format("{}{}", kinds.empty() ? "" : ", ", step.kind);
  }
  return fmt::format("[{}]", kinds);
}

std::string describe(const Assignment& assignment) {
  std::string text;
  for (const auto& [name, value] : assignment) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, describe(value));
  }
  return text;
}

}  // namespace ebb::churn

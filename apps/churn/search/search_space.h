// What a search may change: settings by name, with the values that each may take.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "apps/churn/config/setting.h"

namespace ebb::churn {

/// Values of searched settings, by full name. One whose condition does not hold is absent.
using Assignment = std::map<std::string, SettingValue>;

/// The numbers from `low` to `high`, both included.
struct SearchRange {
  double low = 0.0;
  double high = 1.0;
  bool log = false;    // equal ratios are equally far apart, not equal differences
  bool whole = false;  // whole numbers alone
};

/// One setting.
struct SearchParameter {
  std::string name;                  // of the setting, as full_name() gives it
  std::vector<std::string> also;     // settings that get the same value
  std::vector<SettingValue> values;  // to choose from; empty: the range
  SearchRange range;
  std::int64_t points = 4;                                // of the range, in a grid
  std::map<std::string, std::vector<SettingValue>> when;  // values of others it is searched with
  SettingValue like;                                      // any value of its type

  /// Whether its values lie on a line, as numbers do; names do not.
  [[nodiscard]] bool is_ordered() const;
};

/// The unit cube, with a coordinate per parameter, as a picture of a space: samplers draw points of
/// the cube, and compare assignments by their features.
class SearchSpace {
 public:
  /// Parameters that a condition names must be among them. Throws DataError for conditions in a
  /// circle.
  explicit SearchSpace(std::vector<SearchParameter> parameters);

  [[nodiscard]] const std::vector<SearchParameter>& parameters() const { return parameters_; }

  /// Whether the parameter `name` may have the value.
  [[nodiscard]] bool contains(std::string_view name, const SettingValue& value) const;

  /// The assignment at a point of the cube. A point within a range's share of its coordinate means
  /// its value; a list's values have equal shares.
  [[nodiscard]] Assignment at(std::span<const double> point) const;

  /// The inverse, as far as there is one: the middle of the value's share, 1/2 for what is absent.
  [[nodiscard]] std::vector<double> point_of(const Assignment& assignment) const;

  /// What a surrogate compares: one number in [0, 1] for a parameter on a line, 1/2 where it is
  /// absent; for a list of names, one number for each, 1/sqrt(2) for the one that is chosen and 0
  /// else, so that two names are 1 apart.
  [[nodiscard]] std::vector<double> features(const Assignment& assignment) const;
  /// By feature, the number of its parameter.
  [[nodiscard]] std::vector<std::size_t> feature_parameters() const;

  /// Every combination: all values of lists, `points` of ranges from end to end; each once. Throws
  /// DataError for more than `most`.
  [[nodiscard]] std::vector<Assignment> grid(std::size_t most) const;

 private:
  [[nodiscard]] bool applies(const SearchParameter& parameter, const Assignment& others) const;
  void order_parameters();

  std::vector<SearchParameter> parameters_;
  std::vector<std::size_t> order_;  // of parameters: after those that their conditions name
};

/// A value for people: a number in four digits, steps by their kinds alone.
std::string describe(const SettingValue& value);
/// One line, for progress and messages: "model.dim = 64, training.learning_rate = 0.0012".
std::string describe(const Assignment& assignment);

}  // namespace ebb::churn

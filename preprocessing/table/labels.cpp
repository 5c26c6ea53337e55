#include "preprocessing/table/labels.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/numbers.h"

namespace ebb::preprocessing {
namespace {

/// 0 or 1 for a text that says no or yes by itself.
std::optional<int> truth(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "no" || lower == "false") return 0;
  if (lower == "yes" || lower == "true") return 1;
  const std::optional<double> number = parse_number(text);
  if (number == 0.0) return 0;
  if (number == 1.0) return 1;
  return std::nullopt;
}

/// Whether two cells say the same: equal texts, equal numbers or equal truths.
bool is_same_class(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const std::optional<double> number_a = parse_number(a);
  if (number_a && number_a == parse_number(b)) return true;
  const std::optional<int> truth_a = truth(a);
  return truth_a && truth_a == truth(b);
}

/// The distinct values of the target, in order of first appearance, and each row's.
struct TargetValues {
  std::vector<std::string> texts;
  std::vector<std::size_t> first_rows;
  std::vector<std::size_t> of_row;
};

constexpr std::size_t kMostShown = 1000;  // a number column with more values is no label

TargetValues read_target(const Table& table, std::string_view target) {
  const Column& column = table.column(target);
  TargetValues values;
  std::unordered_map<std::string, std::size_t> positions;
  std::unordered_map<double, std::size_t> number_positions;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (column.is_missing(row)) {
      fail<DataError>(
          "{}: the label in column \"{}\" is missing: every row needs one, so fill it in "
          "or take the row out",
          table.where(row), target);
    }
    const auto next = values.texts.size();
    const auto add = [&](auto& map, const auto& key) {
      const auto [found, inserted] = map.emplace(key, next);
      if (inserted && next < kMostShown) {
        values.texts.push_back(column.text(row));
        values.first_rows.push_back(row);
      }
      return found->second;
    };
    values.of_row.push_back(column.is_number() ? add(number_positions, column.numbers[row])
                                               : add(positions, column.text(row)));
  }
  return values;
}

Labels label_rows(const TargetValues& values, const std::vector<float>& label_of_value) {
  Labels labels;
  labels.values.reserve(values.of_row.size());
  for (const std::size_t value : values.of_row) labels.values.push_back(label_of_value[value]);
  return labels;
}

/// Joins values that say the same ("Yes" and "yes") under the first spelling.
TargetValues merge_spellings(const TargetValues& values) {
  TargetValues merged;
  std::vector<std::size_t> position(values.texts.size());
  for (std::size_t i = 0; i < values.texts.size(); ++i) {
    const auto same = std::find_if(merged.texts.begin(), merged.texts.end(), [&](const auto& text) {
      return is_same_class(text, values.texts[i]);
    });
    position[i] = static_cast<std::size_t>(same - merged.texts.begin());
    if (same == merged.texts.end()) {
      merged.texts.push_back(values.texts[i]);
      merged.first_rows.push_back(values.first_rows[i]);
    }
  }
  for (const std::size_t value : values.of_row) merged.of_row.push_back(position[value]);
  return merged;
}

/// Which of the two values is the positive class.
std::size_t positive_value(const TargetValues& values, const Table& table, std::string_view target,
                           const std::optional<std::string>& positive) {
  if (positive) {
    for (std::size_t i = 0; i < 2; ++i) {
      if (is_same_class(values.texts[i], *positive)) return i;
    }
    fail<DataError>(
        "{}: the positive class \"{}\" does not occur in column \"{}\", whose values are "
        "{}",
        table.source(), *positive, target, list_names(values.texts));
  }
  const std::optional<int> first = truth(values.texts[0]);
  const std::optional<int> second = truth(values.texts[1]);
  if (!first || !second) {
    fail<DataError>(
        "{}: column \"{}\" has the classes {}: say which one to predict with --positive "
        "NAME",
        table.source(), target, list_names(values.texts));
  }
  return *first == 1 ? 0 : 1;
}

}  // namespace

std::size_t Labels::positives() const {
  return static_cast<std::size_t>(std::count(values.begin(), values.end(), 1.0F));
}

Labels parse_labels(const Table& table, std::string_view target,
                    const std::optional<std::string>& positive) {
  TargetValues values = read_target(table, target);
  if (values.texts.size() < kMostShown) values = merge_spellings(values);
  if (values.texts.empty()) fail<DataError>("{}: there are no rows", table.source());
  if (values.texts.size() == 1) {
    fail<DataError>("{}: every row of column \"{}\" is \"{}\": training needs rows of both classes",
                    table.source(), target, values.texts.front());
  }
  if (values.texts.size() > 2) {
    fail<DataError>(
        "{}: column \"{}\" has {}{} classes, expected two: {}. Is it the right target "
        "column?",
        table.source(), target, values.texts.size() >= kMostShown ? "at least " : "",
        values.texts.size(), list_names(values.texts, 8));
  }
  const std::size_t one = positive_value(values, table, target, positive);
  Labels labels = label_rows(
      values, one == 1 ? std::vector<float>{0.0F, 1.0F} : std::vector<float>{1.0F, 0.0F});
  labels.classes = {values.texts[1 - one], values.texts[one]};
  return labels;
}

Labels parse_labels(const Table& table, std::string_view target,
                    const std::array<std::string, 2>& classes) {
  const TargetValues values = read_target(table, target);
  std::vector<float> label_of_value;
  for (std::size_t i = 0; i < values.texts.size(); ++i) {
    if (is_same_class(values.texts[i], classes[1])) {
      label_of_value.push_back(1.0F);
    } else if (is_same_class(values.texts[i], classes[0])) {
      label_of_value.push_back(0.0F);
    } else {
      fail<DataError>(
          "{}: the label \"{}\" in column \"{}\" is neither \"{}\" nor \"{}\", the "
          "classes that the model was trained on",
          table.where(values.first_rows[i]), values.texts[i], target, classes[0], classes[1]);
    }
  }
  Labels labels = label_rows(values, label_of_value);
  labels.classes = classes;
  return labels;
}

}  // namespace ebb::preprocessing

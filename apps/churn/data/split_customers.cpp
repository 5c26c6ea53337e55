#include "apps/churn/data/split_customers.h"

#include <algorithm>
#include <numeric>

#include "apps/churn/data/row_hashes.h"
#include "kernels/common/error.h"
#include "preprocessing/audit/leakage.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/split/group_split.h"
#include "preprocessing/split/row_times.h"
#include "preprocessing/split/stratified_split.h"
#include "preprocessing/split/time_split.h"

namespace ebb::churn {
namespace {

using preprocessing::Column;
using preprocessing::Labels;
using preprocessing::Split;
using preprocessing::Table;

/// Says that a random split may part the rows of one customer.
void note_repeated_customers(const Table& table, const RunConfig& config,
                             std::vector<std::string>& notes) {
  const Column* ids = table.find(config.data.id_column);
  if (ids == nullptr) return;
  const preprocessing::IdentifierColumn described = preprocessing::describe_identifier(*ids);
  const std::size_t repeated = described.values - described.distinct;
  if (repeated == 0) return;
  notes.push_back(fmt::format(
      "{} repeat{} an id of column \"{}\": rows of one customer may be trained on and "
      "tested, which flatters; --split-group {} keeps them together",
      preprocessing::counted(repeated, "row"), repeated == 1 ? "s" : "", ids->name, ids->name));
}

std::vector<RowHash> pick(const std::vector<RowHash>& hashes,
                          const std::vector<std::size_t>& rows) {
  std::vector<RowHash> picked;
  for (const std::size_t row : rows) picked.push_back(hashes[row]);
  return picked;
}

/// Rows of a given split that stand in several parts stay where they measure: a test row is taken
/// out of validation and training rows, a validation row out of training rows.
void separate_parts(const Table& table, const std::string& split_column, Split& split,
                    std::vector<std::string>& notes) {
  std::vector<std::string> columns = table.names();
  std::erase(columns, split_column);
  const std::vector<RowHash> hashes = hash_rows(table, columns);
  const std::size_t from_validation =
      drop_known(split.validation, hashes, pick(hashes, split.test));
  std::vector<std::size_t> held_out = split.test;
  held_out.insert(held_out.end(), split.validation.begin(), split.validation.end());
  const std::size_t from_train = drop_known(split.train, hashes, pick(hashes, held_out));
  if (from_validation + from_train > 0) {
    notes.push_back(fmt::format(
        "{} dropped from the training part and {} from the validation part: they equal "
        "rows of a part that measures",
        preprocessing::counted(from_train, "row"), preprocessing::counted(from_validation, "row")));
  }
}

/// "240 train, 60 validate, 80 test": what `describe` makes of the rows of each part that has any.
template <class Describe>
std::string list_parts(const Split& split, Describe describe, bool with_verb) {
  std::string list;
  const auto add = [&](const std::vector<std::size_t>& rows, std::string_view verb) {
    if (rows.empty()) return;
    list += fmt::format("{}{}{}", list.empty() ? "" : ", ", describe(rows), with_verb ? verb : "");
  };
  add(split.train, " train");
  add(split.validation, " validate");
  add(split.test, " test");
  return list;
}

std::string describe_groups(const preprocessing::Groups& groups, const Split& split) {
  return list_parts(
      split,
      [&](const std::vector<std::size_t>& rows) {
        std::vector<bool> is_there(groups.count);
        for (const std::size_t row : rows) is_there[groups.of_row[row]] = true;
        return fmt::format("{}", std::count(is_there.begin(), is_there.end(), true));
      },
      true);
}

std::string describe_times(const Column& column, const std::vector<std::int64_t>& times,
                           const Split& split) {
  return list_parts(
      split,
      [&](const std::vector<std::size_t>& rows) {
        const auto [first, last] =
            std::minmax_element(rows.begin(), rows.end(),
                                [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
        return fmt::format("{} to {}", shortened(column.text(*first)),
                           shortened(column.text(*last)));
      },
      true);
}

std::string describe_labels(const Labels& labels, const Split& split) {
  const std::string shares = list_parts(
      split,
      [&](const std::vector<std::size_t>& rows) {
        const auto positives = std::count_if(
            rows.begin(), rows.end(), [&](std::size_t row) { return labels.values[row] > 0.5F; });
        return fmt::format(
            "{:.1f} %", 100.0 * static_cast<double>(positives) / static_cast<double>(rows.size()));
      },
      false);
  return fmt::format("\"{}\" are {}", shortened(labels.classes[1]), shares);
}

preprocessing::SplitOptions split_options(const RunConfig& config) {
  return {.validation_fraction = config.split.validation_fraction,
          .test_fraction = config.split.test_data.empty() ? config.split.test_fraction : 0.0,
          .seed = config.split.seed < 0 ? config.training.seed
                                        : static_cast<std::uint64_t>(config.split.seed)};
}

/// body(), whose DataError is passed on with the table and the column in front.
template <class Body>
auto splitting_by(const Table& table, const std::string& column, Body body) {
  try {
    return body();
  } catch (const DataError& error) {
    fail<DataError>("{}: splitting by column \"{}\": {}", table.source(), column, error.what());
  }
}

CustomerSplit split_as_given(const Table& table, const Labels& labels, const RunConfig& config,
                             std::vector<std::string>& notes) {
  Split split = split_by_column(table, config.split.column);
  if (config.preprocessing.drop_duplicates) {
    separate_parts(table, config.split.column, split, notes);
  }
  check_split(split, labels.values, true);
  return {std::move(split), fmt::format("as column \"{}\" says", config.split.column)};
}

CustomerSplit split_by_group(const Table& table, const Labels& labels, const RunConfig& config) {
  const std::string& name = config.split.group;
  const preprocessing::Groups groups = group_rows(table, name);
  Split split = splitting_by(
      table, name, [&] { return group_split(groups, labels.values, split_options(config)); });
  std::string description = fmt::format("by group, column \"{}\": {} of {} groups", name,
                                        describe_groups(groups, split), groups.count);
  return {std::move(split), std::move(description)};
}

CustomerSplit split_by_time(const Table& table, const Labels& labels, const RunConfig& config) {
  const std::string& name = config.split.time;
  const std::vector<std::int64_t> times = preprocessing::time_ranks(table, name);
  const preprocessing::SplitOptions options = split_options(config);
  Split split = splitting_by(table, name, [&] {
    Split by_time =
        preprocessing::time_split(times, {.validation_fraction = options.validation_fraction,
                                          .test_fraction = options.test_fraction});
    check_split(by_time, labels.values, true);
    return by_time;
  });
  std::string description = fmt::format("by time, column \"{}\": {}", name,
                                        describe_times(table.column(name), times, split));
  return {std::move(split), std::move(description)};
}

CustomerSplit split_rows(const Table& table, const Labels& labels, const RunConfig& config,
                         std::vector<std::string>& notes) {
  if (!config.split.column.empty()) return split_as_given(table, labels, config, notes);
  if (!config.split.group.empty()) return split_by_group(table, labels, config);
  if (!config.split.time.empty()) return split_by_time(table, labels, config);
  note_repeated_customers(table, config, notes);
  return {stratified_split(labels.values, split_options(config)), "at random, stratified by label"};
}

}  // namespace

CustomerSplit split_customers(const Table& table, const Labels& labels, const RunConfig& config,
                              std::vector<std::string>& notes) {
  CustomerSplit split = split_rows(table, labels, config, notes);
  split.description += "; " + describe_labels(labels, split.rows);
  return split;
}

void note_shared_groups(const Table& table, const Table& test, const RunConfig& config,
                        std::vector<std::string>& notes) {
  const std::string& name = config.split.group;
  if (test.find(name) == nullptr) return;
  std::vector<std::size_t> rows(test.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const std::size_t shared =
      drop_known(rows, hash_rows(test, {&name, 1}), hash_rows(table, {&name, 1}));
  if (shared == 0) return;
  notes.push_back(fmt::format(
      "{} of the test table {} belong{} to a group of column \"{}\" that is "
      "also trained on or validated with",
      preprocessing::counted(shared, "row"), test.source(), shared == 1 ? "s" : "", name));
}

}  // namespace ebb::churn

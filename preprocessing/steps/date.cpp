// date: times as numbers that a model can use.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "preprocessing/common/names.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/steps/column_maps.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/every_step.h"
#include "preprocessing/time/cyclic_parts.h"
#include "preprocessing/time/timestamp.h"

namespace ebb::preprocessing {
namespace {

constexpr std::array<std::string_view, 4> kParts = {"days", "month", "weekday", "hour"};
double days_of(std::int64_t time) {
  return static_cast<double>(time) / static_cast<double>(kMicrosecondsPerDay);
}

CyclicPart cyclic_part_of(std::string_view part, std::int64_t time) {
  if (part == "month") return cyclic_month(time);
  return part == "weekday" ? cyclic_weekday(time) : cyclic_hour(time);
}

std::vector<std::string> output_names(const std::string& column, const std::string& part) {
  if (part == "days") return {column + " days"};
  return {fmt::format("{} {} sine", column, part), fmt::format("{} {} cosine", column, part)};
}

std::vector<Column> columns_of_part(const std::string& column, const std::string& part,
                                    const std::vector<std::int64_t>& times) {
  std::vector<Column> columns;
  for (const std::string& name : output_names(column, part))
    columns.push_back(number_column(name, std::vector<double>(times.size(), kMissingNumber)));
  for (std::size_t row = 0; row < times.size(); ++row) {
    if (times[row] == kMissingInteger) continue;
    if (part == "days") {
      columns[0].numbers[row] = days_of(times[row]);
      continue;
    }
    const auto [sine, cosine] = cyclic_part_of(part, times[row]);
    columns[0].numbers[row] = sine;
    columns[1].numbers[row] = cosine;
  }
  return columns;
}

class Date final : public Step {
 public:
  Date(std::vector<std::string> names, std::vector<std::string> parts, TimeFormat format)
      : names_(std::move(names)), parts_(std::move(parts)), format_(std::move(format)) {}

  [[nodiscard]] std::string_view kind() const override { return "date"; }
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const override {
    for (const std::string& name : names_) {
      std::size_t replaced = 0;
      for (const std::string& part : parts_) {
        const std::vector<std::string> outputs = output_names(name, part);
        replaced += std::erase_if(
            wanted, [&](const std::string& other) { return contains(outputs, other); });
      }
      if (replaced > 0) wanted.push_back(name);
    }
    return wanted;
  }
  void apply(Table& table) const override {
    for (const std::string& name : names_) {
      if (table.find(name) == nullptr) continue;
      const std::vector<std::int64_t> times = timestamps_of(table, name, format_);
      std::vector<std::vector<Column>> columns(parts_.size());
      parallel_for(parts_.size(), table.rows(),
                   [&](std::size_t i) { columns[i] = columns_of_part(name, parts_[i], times); });
      table.drop({&name, 1});
      for (std::vector<Column>& part : columns) {
        for (Column& column : part) table.add(std::move(column));
      }
    }
  }
  void apply(DeviceTable& table) const override {
    for (const std::string& name : table.present(names_)) apply(table, name);
  }
  [[nodiscard]] std::string summary() const override {
    return fmt::format("{} of {}", fmt::join(parts_, ", "), list_names(names_));
  }
  [[nodiscard]] nlohmann::json to_json() const override {
    return {{"columns", names_}, {"parts", parts_}, {"format", format_.spelling()}};
  }

 private:
  /// The time of each level, and a missing one at the end; empty where a text is no time.
  [[nodiscard]] std::vector<std::int64_t> times_of(const std::vector<std::string>& levels) const {
    std::vector<std::int64_t> times;
    for (const std::string& level : levels) {
      const auto time = format_.parse(level);
      if (!time) return {};
      times.push_back(*time);
    }
    times.push_back(kMissingInteger);
    return times;
  }
  void apply(DeviceTable& table, const std::string& name) const {
    std::vector<std::int64_t> times;
    if (table.holds_texts(name)) times = times_of(table.levels(name));
    // Numbers are read one by one, and what is no time is named with its line.
    if (times.empty()) return apply_on_host(table, {&name, 1});
    std::vector<LevelMap> maps;
    for (const std::string& part : parts_) {
      for (Column& column : columns_of_part(name, part, times))
        maps.push_back(level_map(std::move(column.name), std::move(column.numbers)));
    }
    replace_at_end(table, name, maps);
  }

  std::vector<std::string> names_;
  std::vector<std::string> parts_;
  TimeFormat format_;
};

void check_parts(const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    if (std::ranges::find(kParts, part) == kParts.end())
      fail<DataError>("\"{}\" is no part of a time: use {}", part, fmt::join(kParts, ", "));
    if (std::ranges::count(parts, part) > 1) fail<DataError>("\"{}\" is there twice", part);
  }
}

}  // namespace

std::unique_ptr<Step> fit_date(StepOptions& options, Table& table, const StepContext& context) {
  if (!options.has("columns"))
    options.refuse("columns is missing: which columns hold times, since they look like texts");
  const auto format = options.parsed(
      "format", "iso", [](std::string_view spelling) { return TimeFormat(spelling); });
  std::vector<std::string> parts = options.texts("parts");
  if (parts.empty()) parts = {"days", "month", "weekday"};
  options.guarded("parts", [&] { check_parts(parts); });
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::any, context);
  options.refuse_unknown();
  auto step = std::make_unique<Date>(names, std::move(parts), format);
  options.guarded("columns", [&] { step->apply(table); });
  return step;
}

std::unique_ptr<Step> restore_date(const JsonReader& state) {
  state.expect_keys({"step", "columns", "parts", "format"});
  const std::vector<std::string> parts = state.member("parts").texts();
  state.member("parts").guarded([&] { check_parts(parts); });
  return std::make_unique<Date>(state.member("columns").texts(), parts,
                                state.member("format").parsed([](std::string_view spelling) {
                                  return TimeFormat(spelling);
                                }));
}

}  // namespace ebb::preprocessing

// normalise: one spelling for texts that differ in spaces, case or width alone.
#include "preprocessing/cleaning/text_normalisation.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/steps/column_selector.h"
#include "preprocessing/steps/each_column.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

struct Normalised {
  static constexpr std::string_view kKind = "normalise";

  std::string name;
  TextOptions options;
  std::vector<std::string> missing;  // texts that mean no value, once normalised
  TextReport training;

  [[nodiscard]] std::vector<std::string> outputs() const { return {name}; }
  [[nodiscard]] std::vector<Column> apply(Column column) const {
    require_type(column, ColumnType::category);
    normalise_levels(column, options, nullptr, missing);
    std::vector<Column> result;
    result.push_back(std::move(column));
    return result;
  }
  [[nodiscard]] ColumnMap map(DeviceTable& table) const {
    require_type(table, name, ColumnType::category);
    Column levels = column_of_levels(table.column(name));
    normalise_levels(levels, options, nullptr, missing);
    levels.codes.pop_back();
    return CodeMap{std::move(levels.levels), std::move(levels.codes), kMissingCode, {}};
  }
  [[nodiscard]] nlohmann::json to_json() const {
    return {{"name", name},
            {"options", preprocessing::to_json(options)},
            {"missing", missing},
            {"changed", training.changed_rows},
            {"emptied", training.emptied_rows},
            {"merged", training.merged_levels}};
  }
  static std::string summarise(const std::vector<Normalised>& columns) {
    TextReport sum;
    for (const Normalised& column : columns) {
      sum.changed_rows += column.training.changed_rows;
      sum.emptied_rows += column.training.emptied_rows;
      sum.merged_levels += column.training.merged_levels;
    }
    return fmt::format("{} changed in {}, {} of them empty; {} merged",
                       counted(sum.changed_rows, "text"), counted(columns.size(), "column"),
                       sum.emptied_rows, counted(sum.merged_levels, "level"));
  }
};

TextOptions read_text_options(StepOptions& options) {
  TextOptions read;
  read.text_case = options.parsed("case", "keep", parse_text_case);
  read.narrows = options.boolean("narrow", true);
  read.composes = options.boolean("compose", true);
  read.trims = options.boolean("trim", true);
  read.joins_spaces = options.boolean("join_spaces", true);
  return read;
}

}  // namespace

std::unique_ptr<Step> fit_normalise(StepOptions& options, Table& table,
                                    const StepContext& context) {
  const TextOptions wanted = read_text_options(options);
  const std::vector<std::string> names =
      select_columns(options, "columns", table, ColumnType::category, context);
  options.refuse_unknown();
  std::vector<std::string> missing;
  for (const std::string& token : context.missing_tokens)
    missing.push_back(normalise_text(token, wanted));
  return options.guarded("columns", [&] {
    return fit_each_column<Normalised>(table, names, [&](const Column& column) {
      Normalised normalised{column.name, wanted, missing, {}};
      Column copy = column;
      normalise_levels(copy, wanted, &normalised.training, missing);
      return normalised;
    });
  });
}

std::unique_ptr<Step> restore_normalise(const JsonReader& state) {
  return restore_each_column<Normalised>(state, [](const JsonReader& column) {
    std::vector<std::string> missing;  // none in version 2 of the pipeline
    if (column.has("missing")) {
      column.expect_keys({"name", "options", "missing", "changed", "emptied", "merged"});
      missing = column.member("missing").texts();
    } else {
      column.expect_keys({"name", "options", "changed", "emptied", "merged"});
    }
    return Normalised{column.member("name").text(),
                      text_options_from_json(column.member("options")),
                      std::move(missing),
                      {column.member("changed").count(), column.member("emptied").count(),
                       column.member("merged").count()}};
  });
}

}  // namespace ebb::preprocessing

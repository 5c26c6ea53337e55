#include "preprocessing/steps/column_selector.h"

#include <algorithm>

#include "kernels/common/error.h"
#include "preprocessing/common/names.h"

namespace ebb::preprocessing {
namespace {

bool is_pattern(std::string_view name) { return name.find('*') != name.npos; }

bool has_type(const Column& column, ColumnType type) {
  if (type == ColumnType::any) return true;
  return column.is_number() == (type == ColumnType::number);
}

/// Whether a pattern, or no `columns` at all, may select it.
bool is_selectable(const Column& column, ColumnType type, const StepContext& context) {
  return has_type(column, type) && column.kind != ColumnKind::identifier &&
         !contains(context.reserved, column.name);
}

void require_selectable(const StepOptions& options, std::string_view key, const Column& column,
                        ColumnType type, const StepContext& context) {
  if (contains(context.reserved, column.name)) {
    options.refuse(key,
                   fmt::format("column \"{}\" is the target, an identifier, the split's or one "
                               "to drop, which steps leave alone",
                               column.name));
  }
  if (type == ColumnType::category && column.has_integers()) {
    options.refuse(key, fmt::format("column \"{}\" is an identifier of whole numbers: declare it a "
                                    "category in [data.columns] if its numbers stand for groups",
                                    column.name));
  }
  if (!has_type(column, type)) {
    options.refuse(key, fmt::format("column \"{}\" is one of {}, this step is for {}: declare what "
                                    "it is, or take it out",
                                    column.name, kind_name(column.kind),
                                    type == ColumnType::number ? "numbers" : "categories"));
  }
}

[[noreturn]] void fail_of_other_type(const std::string& name, ColumnKind kind, ColumnType type) {
  fail<DataError>("column \"{}\" is one of {}, and was one of {} in training", name,
                  kind_name(kind), type == ColumnType::number ? "numbers" : "categories");
}

}  // namespace

std::vector<std::string> list_columns(StepOptions& options, std::string_view key,
                                      const Table& table, ColumnType type,
                                      const StepContext& context) {
  std::vector<std::string> selected;
  for (const std::string& wanted : options.texts(key)) {
    if (const Column* column = table.find(wanted)) {
      require_selectable(options, key, *column, type, context);
      selected.push_back(wanted);
      continue;
    }
    if (!is_pattern(wanted)) {
      options.refuse(key, fmt::format("there is no column \"{}\" at this step.{}", wanted,
                                      suggest_names(wanted, table.names())));
    }
    bool is_matched = false;
    for (const Column& column : table.columns()) {
      if (!matches(wanted, column.name) || !is_selectable(column, type, context)) continue;
      is_matched = true;
      if (!contains(selected, column.name)) selected.push_back(column.name);
    }
    if (!is_matched) {
      options.refuse(key, fmt::format("no column for this step matches \"{}\"; there are: {}",
                                      wanted, list_names(table.names())));
    }
  }
  return selected;
}

std::vector<std::string> select_columns(StepOptions& options, std::string_view key,
                                        const Table& table, ColumnType type,
                                        const StepContext& context) {
  const bool selects_all = !options.has(key);
  const std::vector<std::string> wanted = list_columns(options, key, table, type, context);
  const std::vector<std::string> except =
      list_columns(options, "except", table, ColumnType::any, context);
  std::vector<std::string> selected;
  for (const Column& column : table.columns()) {
    const bool is_wanted =
        selects_all ? is_selectable(column, type, context) : contains(wanted, column.name);
    if (is_wanted && !contains(except, column.name)) selected.push_back(column.name);
  }
  if (selected.empty()) options.refuse("no column is left for it");
  return selected;
}

void require_type(const Column& column, ColumnType type) {
  if (!has_type(column, type) || column.has_integers())
    fail_of_other_type(column.name, column.kind, type);
}

void require_type(const DeviceTable& table, const std::string& name, ColumnType type) {
  const ColumnKind kind = table.kind(name);
  const bool is_number = kind == ColumnKind::number;
  const bool has_type = type == ColumnType::any || is_number == (type == ColumnType::number);
  if (!has_type || (!is_number && !table.holds_texts(name))) fail_of_other_type(name, kind, type);
}

bool matches(std::string_view pattern, std::string_view text) {
  // Backtracks to the last * alone, which is enough.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = pattern.npos;
  std::size_t resumed = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resumed = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++resumed;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace ebb::preprocessing

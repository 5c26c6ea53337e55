#include "preprocessing/audit/audit.h"

#include <algorithm>

#include "preprocessing/audit/findings.h"
#include "preprocessing/cleaning/duplicates.h"
#include "preprocessing/common/names.h"
#include "preprocessing/table/labels.h"

namespace ebb::preprocessing {
namespace {

/// Names of columns by what they are for.
struct Roles {
  std::vector<std::string> identifiers;
  std::vector<std::string> features;
  std::vector<std::string> compared;  ///< features and target
};

bool is_label_date(const AuditOptions& options, const std::string& name) {
  return options.label_date && options.label_date->column == name;
}

/// Columns whose dates may not lie behind the label date: identifiers too, since dates that are
/// nearly all different look like one.
std::vector<std::string> dated_columns(const Roles& roles) {
  std::vector<std::string> names = roles.features;
  names.insert(names.end(), roles.identifiers.begin(), roles.identifiers.end());
  return names;
}

Roles roles_of(const Table& table, const AuditOptions& options,
               const std::vector<IdentifierColumn>& identifiers) {
  Roles roles;
  for (const IdentifierColumn& column : identifiers) roles.identifiers.push_back(column.name);
  for (const Column& column : table.columns()) {
    const std::string& name = column.name;
    if (name == options.split_column || is_label_date(options, name) ||
        contains(roles.identifiers, name) || contains(options.ignored, name)) {
      continue;
    }
    roles.compared.push_back(name);
    if (name != options.target) roles.features.push_back(name);
  }
  return roles;
}

std::vector<IdentifierColumn> identifiers_of(const Table& table, const AuditOptions& options) {
  std::vector<IdentifierColumn> found = find_identifiers(table);
  std::erase_if(found, [&](const IdentifierColumn& column) {
    return column.name == options.target || column.name == options.split_column ||
           is_label_date(options, column.name) || contains(options.ignored, column.name);
  });
  const bool is_found =
      std::any_of(found.begin(), found.end(),
                  [&](const IdentifierColumn& column) { return column.name == options.id_column; });
  if (!options.id_column.empty() && !is_found) {
    const IdentifierColumn named = describe_identifier(table.column(options.id_column));
    found.insert(found.begin(), named);
  }
  return found;
}

}  // namespace

AuditReport audit_table(const Table& table, const AuditOptions& options, const Table* other) {
  for (const std::string& name : options.ignored) static_cast<void>(table.column(name));
  const Labels labels = parse_labels(table, options.target, options.positive);
  AuditReport report;
  report.source = table.source();
  report.target = options.target;
  report.rows = table.rows();
  report.columns = table.columns().size();
  report.balance = {labels.classes, table.rows(), labels.positives()};
  report.identifiers = identifiers_of(table, options);
  const Roles roles = roles_of(table, options, report.identifiers);
  report.leaks = find_leaks(table, roles.features, labels.values);
  if (options.label_date) {
    report.dates = compare_with_label_date(table, dated_columns(roles), *options.label_date);
  }
  report.duplicates = find_distinct_rows(table).dropped;
  report.twins = find_twins(table, roles.compared);
  report.block_copy = find_block_copy(table, roles.compared);
  if (!options.split_column.empty()) {
    report.split =
        find_split_overlap(table, options.split_column, roles.compared, roles.identifiers);
  }
  report.missingness = find_missingness(table, roles.features, labels.values);
  if (other != nullptr) {
    report.compared_with = other->source();
    report.compared_rows = other->rows();
    // New customers may have no label yet.
    const Column* label = other->find(options.target);
    const bool has_labels = label != nullptr && has_values(*label);
    report.drift = compare_tables(table, *other, has_labels ? roles.compared : roles.features);
  }
  report.findings = findings_of(report, table);
  return report;
}

}  // namespace ebb::preprocessing

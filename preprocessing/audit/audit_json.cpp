// The report as JSON.
#include <nlohmann/json.hpp>

#include "preprocessing/audit/audit.h"

namespace ebb::preprocessing {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const ColumnChange& change) {
  Json json = {{"column", change.column}};
  if (change.shift) {
    json["shift"] = *change.shift;
  } else {
    json["renaming"] = change.example;
  }
  return json;
}

/// Rows count from 1, without the header.
std::size_t row_number(std::size_t row) { return row + 1; }

Json to_json(const Twins& twins) {
  return {{"pairs", twins.pairs},
          {"consistency", twins.consistency},
          {"first_row", row_number(twins.first_row)},
          {"second_row", row_number(twins.second_row)},
          {"change", to_json(twins.change)}};
}

Json to_json(const BlockCopy& copy) {
  Json changes = Json::array();
  for (const ColumnChange& change : copy.changes) changes.push_back(to_json(change));
  return {{"rows", copy.rows},
          {"lag", copy.lag},
          {"first_row", row_number(copy.first_row)},
          {"last_row", row_number(copy.last_row)},
          {"changes", changes}};
}

Json to_json(const SplitOverlap& overlap) {
  Json identifiers = Json::array();
  for (const SharedIdentifier& identifier : overlap.identifiers) {
    identifiers.push_back({{"column", identifier.column}, {"shared_values", identifier.values}});
  }
  return {{"validation_rows_in_train", overlap.validation_in_train},
          {"test_rows_in_train", overlap.test_in_train},
          {"test_rows_in_validation", overlap.test_in_validation},
          {"identifiers", identifiers}};
}

Json to_json(const Missingness& missingness) {
  Json columns = Json::array();
  for (const MissingColumn& column : missingness.columns) {
    columns.push_back({{"column", column.name},
                       {"missing", column.missing},
                       {"share", column.share},
                       {"positives_where_missing", column.positives_missing},
                       {"positives_elsewhere", column.positives_present},
                       {"p_value", column.p_value}});
  }
  Json groups = Json::array();
  for (const MissingGroup& group : missingness.groups) {
    groups.push_back({{"columns", group.columns}, {"rows", group.rows}});
  }
  return {{"columns", columns}, {"together", groups}};
}

Json to_json(const ColumnShift& shift) {
  Json json = {{"column", shift.name}, {"absent", shift.is_absent}};
  if (!shift.is_absent) {
    json["stability_index"] = shift.stability_index;
    json["missing_before"] = shift.missing_before;
    json["missing_after"] = shift.missing_after;
    if (shift.is_number) {
      json["texts_after"] = shift.stray_texts;
      json["mean_before"] = shift.mean_before;
      json["mean_after"] = shift.mean_after;
      json["kolmogorov_smirnov"] = shift.test.statistic;
      json["p_value"] = shift.test.p_value;
    } else {
      json["total_variation"] = shift.total_variation;
      json["p_value"] = shift.p_value;
      json["new_levels"] = shift.new_levels;
      json["rows_with_new_levels"] = shift.new_rows;
      json["new_examples"] = shift.new_examples;
      json["lost_levels"] = shift.lost_levels;
    }
  }
  json["warnings"] = shift.warnings;
  return json;
}

Json to_json(const ClassBalance& balance) {
  return {{"negative", balance.classes[0]},
          {"positive", balance.classes[1]},
          {"rows", balance.rows},
          {"positives", balance.positives}};
}

Json to_json(const LeakSuspect& suspect) {
  return {{"column", suspect.column},
          {"evidence", evidence_name(suspect.evidence)},
          {"score", suspect.score},
          {"explanation", suspect.explanation}};
}

Json to_json(const LateDates& column) {
  return {{"column", column.column},   {"dates", column.dates},
          {"late", column.late},       {"first_row", row_number(column.first_row)},
          {"example", column.example}, {"label_date", column.label_date}};
}

Json to_json(const IdentifierColumn& column) {
  return {{"column", column.name}, {"distinct", column.distinct}, {"values", column.values}};
}

Json to_json(const Finding& finding) {
  return {{"severity", finding.severity == Severity::serious ? "serious" : "note"},
          {"topic", finding.topic},
          {"text", finding.text}};
}

template <class T>
Json list(const std::vector<T>& items) {
  Json json = Json::array();
  for (const T& item : items) json.push_back(to_json(item));
  return json;
}

}  // namespace

nlohmann::ordered_json to_json(const AuditReport& report) {
  Json json = {{"format", "ebb.audit"},
               {"version", 1},
               {"data", report.source},
               {"rows", report.rows},
               {"columns", report.columns},
               {"findings", list(report.findings)},
               {"balance", to_json(report.balance)},
               {"identifiers", list(report.identifiers)},
               {"leaks", list(report.leaks)},
               {"duplicates", report.duplicates},
               {"twins", list(report.twins)}};
  if (report.dates) {
    json["dates"] = {{"columns", report.dates->columns}, {"late", list(report.dates->late)}};
  }
  json["block_copy"] = report.block_copy ? to_json(*report.block_copy) : Json(nullptr);
  json["split"] = report.split ? to_json(*report.split) : Json(nullptr);
  json["missing_values"] = to_json(report.missingness);
  if (!report.compared_with.empty()) {
    json["against"] = report.compared_with;
    json["against_rows"] = report.compared_rows;
    json["drift"] = list(report.drift);
  }
  return json;
}

}  // namespace ebb::preprocessing

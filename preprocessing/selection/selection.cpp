#include "preprocessing/selection/selection.h"

#include <set>

#include <nlohmann/json.hpp>

#include "preprocessing/common/json_reader.h"

namespace ebb::preprocessing {
namespace {

std::vector<std::string> names_where(const Selection& selection, bool is_kept) {
  std::vector<std::string> names;
  for (const ColumnVerdict& column : selection.columns) {
    if (column.is_kept == is_kept) names.push_back(column.name);
  }
  return names;
}

ColumnVerdict read_verdict(const JsonReader& reader) {
  const bool has_round = reader.has("round");
  if (has_round) {
    reader.expect_keys({"name", "kept", "score", "reason", "round"});
  } else {
    reader.expect_keys({"name", "kept", "score", "reason"});
  }
  ColumnVerdict verdict{.name = reader.member("name").text(),
                        .is_kept = reader.member("kept").boolean(),
                        .score = reader.member("score").number(),
                        .reason = reader.member("reason").text(),
                        .round = has_round ? reader.member("round").count() : 0};
  if (verdict.is_kept != verdict.reason.empty()) {
    reader.refuse("a column has a reason if it is not kept, and only then");
  }
  if (has_round && (verdict.is_kept || verdict.round == 0)) {
    reader.member("round").refuse("expected 1 or more, and of a column that is not kept alone");
  }
  return verdict;
}

}  // namespace

std::vector<std::string> Selection::kept() const { return names_where(*this, true); }

std::vector<std::string> Selection::dropped() const { return names_where(*this, false); }

nlohmann::json to_json(const Selection& selection) {
  nlohmann::json columns = nlohmann::json::array();
  for (const ColumnVerdict& column : selection.columns) {
    nlohmann::json& verdict = columns.emplace_back(nlohmann::json{{"name", column.name},
                                                                  {"kept", column.is_kept},
                                                                  {"score", column.score},
                                                                  {"reason", column.reason}});
    if (column.round > 0) verdict["round"] = column.round;
  }
  return {{"columns", columns}};
}

Selection selection_from_json(const JsonReader& reader) {
  reader.expect_keys({"columns"});
  Selection selection;
  std::set<std::string> names;
  for (const JsonReader& element : reader.member("columns").elements()) {
    selection.columns.push_back(read_verdict(element));
    if (!names.insert(selection.columns.back().name).second) {
      element.refuse("the column is there twice");
    }
  }
  return selection;
}

std::vector<const Column*> columns_of(const Table& table, std::span<const std::string> names) {
  std::vector<const Column*> columns;
  for (const std::string& name : names) columns.push_back(&table.column(name));
  return columns;
}

}  // namespace ebb::preprocessing

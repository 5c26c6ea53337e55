// A report of a model in one HTML file: what was measured, how good it is, and what it looks at.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "apps/churn/explanation/permutation_importance.h"
#include "apps/churn/explanation/reasons.h"
#include "apps/churn/metrics/ranking.h"
#include "apps/churn/offers/offers_file.h"
#include "apps/churn/reporting/evaluation.h"
#include "apps/churn/search/search_history.h"
#include "apps/churn/segments/segments_file.h"
#include "apps/churn/training/trainer.h"
#include "preprocessing/audit/audit.h"

namespace ebb::churn {

/// Which rows of the table were measured.
enum class MeasuredRows {
  test_rows,    ///< of the table that the model was trained on, which left them out
  whole_table,  ///< of another table
  seen_rows     ///< all of the table that the model was trained on, as it has no test rows
};

/// Columns whose values were dealt together, and what that did.
struct ColumnImportance {
  std::string columns;
  GroupImportance importance;
};

/// What a report is made from. A section without its data is left out.
struct ReportData {
  Language language = Language::english;
  std::string title;   ///< empty: the language's
  std::string source;  ///< the table's name
  MeasuredRows measured = MeasuredRows::whole_table;
  std::array<std::string, 2> classes;  ///< stayed, left
  Evaluation evaluation;
  std::size_t bootstrap_samples = 0;  ///< of the evaluation's intervals
  std::vector<ScoreGroup> ranking;    ///< of the same rows
  std::string objective;              ///< that the threshold was chosen for; empty: given
  std::optional<Campaign> campaign;
  std::vector<EpochRecord> history;
  std::vector<ColumnImportance> importance;  ///< most important first
  std::size_t importance_rows = 0;
  std::optional<SegmentTotals> segments;
  std::optional<OfferTotals> offers;
  std::optional<SearchHistory> search;              ///< that found the model's settings
  std::optional<preprocessing::AuditReport> audit;  ///< of the whole table
};

/// The whole file. It is well-formed XML too, has no scripts, and loads nothing. Equal data give
/// equal bytes: no time, machine or folder is in it, but for the table's name.
std::string html_report(const ReportData& data);

}  // namespace ebb::churn

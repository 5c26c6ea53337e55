// All audits of one table, and of another one against it, in one report.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/audit/late_dates.h"
#include "preprocessing/audit/leakage.h"
#include "preprocessing/audit/missingness.h"
#include "preprocessing/audit/split_overlap.h"
#include "preprocessing/audit/table_drift.h"
#include "preprocessing/audit/twins.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

struct AuditOptions {
  std::string target;
  std::optional<std::string> positive;  ///< as parse_labels takes it
  std::string split_column;             ///< with train, val and test; empty: none
  std::string id_column;                ///< an identifier, whatever it looks like; empty: none
  std::vector<std::string> ignored;     ///< columns that are not looked at
  std::optional<LabelDate> label_date;  ///< behind which no feature's date may lie
};

struct ClassBalance {
  std::array<std::string, 2> classes;  ///< negative, positive
  std::size_t rows = 0;
  std::size_t positives = 0;
};

/// What the reader should act on.
enum class Severity {
  serious,  ///< a model that is trained on this table is probably not what it seems
  note,     ///< worth knowing
};

struct Finding {
  Severity severity = Severity::note;
  std::string topic;  ///< "leak", "identifier", "duplicates", "twins", "split", "missing values",
                      ///< "balance" or "drift"
  std::string text;   ///< one sentence
};

struct AuditReport {
  std::string source;
  std::string target;
  std::size_t rows = 0;
  std::size_t columns = 0;
  ClassBalance balance;
  std::vector<IdentifierColumn> identifiers;
  std::vector<LeakSuspect> leaks;
  std::optional<DateComparison> dates;  ///< with the label date, if one was given
  std::size_t duplicates = 0;           ///< rows that equal an earlier one in all columns
  std::vector<Twins> twins;
  std::optional<BlockCopy> block_copy;
  std::optional<SplitOverlap> split;
  Missingness missingness;
  std::string compared_with;  ///< the other table; empty: none
  std::size_t compared_rows = 0;
  std::vector<ColumnShift> drift;  ///< of the columns, the target among them
  std::vector<Finding> findings;   ///< serious ones first
};

/// Runs every audit on `table`; with `other` also how its rows differ. Linear in rows; results are
/// the same for any number of threads. Lines in findings are those of the source. Throws DataError
/// as parse_labels (table/labels.h) and split_by_column do, and on unknown names.
AuditReport audit_table(const Table& table, const AuditOptions& options,
                        const Table* other = nullptr);

/// The report as one document, format "ebb.audit", version 1.
nlohmann::ordered_json to_json(const AuditReport& report);

}  // namespace ebb::preprocessing

#include "preprocessing/audit/findings.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "kernels/common/error.h"
#include "preprocessing/common/counted.h"
#include "preprocessing/common/names.h"
#include "preprocessing/common/numbers.h"

namespace ebb::preprocessing {
namespace {

/// A share of positives below this, or as few rows, makes a class hard to learn and to measure.
constexpr double kRareClass = 0.05;
constexpr std::size_t kFewOfClass = 100;
/// A relation of missing values to the label that chance does not give, and that matters.
constexpr double kSmallChance = 1e-4;
constexpr double kLargeDifference = 0.05;
constexpr double kMostlyMissing = 0.5;

class Writer {
 public:
  Writer(const AuditReport& report, const Table& table) : report_(report), table_(table) {}

  std::vector<Finding> write() {
    leaks();
    dates();
    split();
    copies();
    identifiers();
    balance();
    missing();
    drift();
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
    return std::move(findings_);
  }

 private:
  void add(Severity severity, const char* topic, std::string text) {
    findings_.push_back({severity, topic, std::move(text)});
  }

  [[nodiscard]] std::string describe(const ColumnChange& change) const {
    const std::string name = shortened(change.column);
    if (change.shift) {
      return fmt::format("\"{}\" {} by {:.6g}", name, *change.shift < 0.0 ? "lowered" : "raised",
                         std::abs(*change.shift));
    }
    // The other class is no new name for the one.
    return fmt::format("{}\"{}\" {} ({})", change.column == report_.target ? "the label " : "",
                       name, change.column == report_.target ? "changed" : "renamed",
                       change.example);
  }

  void leaks() {
    for (const LeakSuspect& suspect : report_.leaks) {
      add(Severity::serious, "leak",
          fmt::format("column \"{}\": {}; leave it out unless it is known before the customer "
                      "decides",
                      shortened(suspect.column), suspect.explanation));
    }
  }

  void dates() {
    if (!report_.dates) return;
    for (const LateDates& column : report_.dates->late) {
      add(Severity::serious, "leak",
          fmt::format(
              "column \"{}\": {} of {} lie after the label date, such as {} at {}, where it "
              "is {}; leave out what is made of them",
              shortened(column.column), column.late, counted(column.dates, "date"),
              shortened(column.example), table_.where(column.first_row), column.label_date));
    }
    if (report_.dates->columns.empty()) {
      add(Severity::note, "leak",
          "no column holds dates that could be compared with the label date");
    }
  }

  void split() {
    if (!report_.split) return;
    const SplitOverlap& overlap = *report_.split;
    const auto overlapping = [&](std::size_t rows, const char* part, const char* other) {
      if (rows == 0) return;
      add(Severity::serious, "split",
          fmt::format("{} of the {} part {} one of the {} part but for identifiers",
                      counted(rows, "row"), part, noun_for(rows, "equals", "equal"), other));
    };
    overlapping(overlap.validation_in_train, "validation", "training");
    overlapping(overlap.test_in_train, "test", "training");
    overlapping(overlap.test_in_validation, "test", "validation");
    for (const SharedIdentifier& identifier : overlap.identifiers) {
      add(Severity::serious, "split",
          fmt::format("{} of \"{}\" {} in more than one part: keep the rows of one customer "
                      "together",
                      counted(identifier.values, "value"), shortened(identifier.column),
                      noun_for(identifier.values, "occurs", "occur")));
    }
  }

  void copies() {
    if (report_.duplicates > 0) {
      add(Severity::note, "duplicates",
          fmt::format("{} {} an earlier one in every column; ebb train drops {}",
                      counted(report_.duplicates, "row"),
                      noun_for(report_.duplicates, "equals", "equal"),
                      noun_for(report_.duplicates, "it", "them")));
    }
    if (report_.block_copy) block_copy(*report_.block_copy);
    for (const Twins& twins : report_.twins) {
      add(Severity::serious, "twins",
          fmt::format("{} of rows {} equal but for one column, with {}, such as {} and {}: one of "
                      "each is a copy",
                      counted(twins.pairs, "pair"), noun_for(twins.pairs, "is", "are"),
                      describe(twins.change), table_.where(twins.first_row),
                      table_.where(twins.second_row)));
    }
  }

  void block_copy(const BlockCopy& copy) {
    std::string changes;
    for (const ColumnChange& change : copy.changes) {
      changes += fmt::format("{}{}", changes.empty() ? " with " : ", ", describe(change));
    }
    add(Severity::serious, "twins",
        fmt::format("{} from {} to {} repeat the rows {} further up{}: one half of them is a copy",
                    counted(copy.rows, "row"), table_.where(copy.first_row),
                    table_.where(copy.last_row), copy.lag, changes));
  }

  void identifiers() {
    for (const IdentifierColumn& column : report_.identifiers) {
      add(Severity::note, "identifier",
          fmt::format("column \"{}\" names rows ({} distinct of {}): it says nothing about "
                      "new customers",
                      shortened(column.name), column.distinct, counted(column.values, "value")));
    }
  }

  void balance() {
    const ClassBalance& balance = report_.balance;
    const std::size_t rarer = std::min(balance.positives, balance.rows - balance.positives);
    const std::string& name = balance.classes[rarer == balance.positives ? 1 : 0];
    if (rarer >= kFewOfClass && share(rarer, balance.rows) >= kRareClass) return;
    add(Severity::note, "balance",
        fmt::format("\"{}\" has {}, {:.2f} % of all: accuracy says little here, and figures of "
                    "small parts are noisy",
                    shortened(name), counted(rarer, "row"), 100.0 * share(rarer, balance.rows)));
  }

  void missing() {
    for (const MissingColumn& column : report_.missingness.columns) {
      const double difference = column.positives_missing - column.positives_present;
      if (column.p_value < kSmallChance && std::abs(difference) > kLargeDifference) {
        add(Severity::note, "missing values",
            fmt::format(
                "column \"{}\": \"{}\" is {:.1f} % where it is missing, {:.1f} % elsewhere: "
                "its absence says something, or was filled in afterwards",
                shortened(column.name), shortened(report_.balance.classes[1]),
                100.0 * column.positives_missing, 100.0 * column.positives_present));
      } else if (column.share > kMostlyMissing) {
        add(Severity::note, "missing values",
            fmt::format("column \"{}\" is missing in {:.1f} % of the rows", shortened(column.name),
                        100.0 * column.share));
      }
    }
    for (const MissingGroup& group : report_.missingness.groups) {
      add(Severity::note, "missing values",
          fmt::format("{} are missing together, in {}", list_names(group.columns),
                      counted(group.rows, "row")));
    }
  }

  void drift() {
    for (const ColumnShift& shift : report_.drift) {
      for (const std::string& warning : shift.warnings) {
        add(Severity::serious, "drift",
            fmt::format("column \"{}\" in {}: {}", shortened(shift.name), report_.compared_with,
                        warning));
      }
    }
  }

  const AuditReport& report_;
  const Table& table_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> findings_of(const AuditReport& report, const Table& table) {
  return Writer(report, table).write();
}

}  // namespace ebb::preprocessing

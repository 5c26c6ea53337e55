#include "preprocessing/audit/leakage.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/statistics/contingency.h"
#include "preprocessing/statistics/mutual_information.h"
#include "preprocessing/statistics/ranks.h"
#include "preprocessing/table/inference.h"

namespace ebb::preprocessing {
namespace {

/// The levels of a column, for people and for counting; a missing value is the last.
struct Levels {
  std::vector<std::int32_t> codes;
  std::size_t count = 0;
  std::vector<std::string> names;  ///< empty for bins of numbers
};

Levels levels_of(const Column& column) {
  if (column.is_number()) {
    BinnedColumn binned = quantile_bins(column.numbers);
    const std::size_t bins = binned.bins();
    return {std::move(binned.codes), bins, {}};
  }
  const Column text = as_text(column);
  return {text.codes, text.levels.size(), text.levels};
}

/// 0 where there is a value, 1 where not.
Levels presence_of(const Column& column) {
  Levels levels;
  levels.codes.resize(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    levels.codes[row] = column.is_missing(row) ? 1 : 0;
  }
  levels.count = 2;
  return levels;
}

class Judge {
 public:
  Judge(const Column& column, std::span<const float> labels, Codes label_codes,
        const LeakLimits& limits)
      : column_(column), labels_(labels), label_codes_(label_codes), limits_(limits) {}

  std::optional<LeakSuspect> judge() const {
    const ContingencyTable presence = table_of(presence_of(column_));
    if (auto suspect = by_missing(presence)) return suspect;
    if (auto suspect = by_order()) return suspect;
    const Levels levels = levels_of(column_);
    const ContingencyTable table = table_of(levels);
    if (auto suspect = by_levels(table)) return suspect;
    if (auto suspect = by_one_level(presence, {"a value", "no value"})) return suspect;
    // A bin is no level that anyone has chosen.
    return column_.is_number() ? std::nullopt : by_one_level(table, levels.names);
  }

 private:
  [[nodiscard]] ContingencyTable table_of(const Levels& levels) const {
    return count_pairs(levels.codes, levels.count, label_codes_, 2, MissingCells::own_level);
  }

  [[nodiscard]] LeakSuspect suspect(LeakEvidence evidence, double score, std::string why) const {
    return {column_.name, evidence, score, std::move(why)};
  }

  [[nodiscard]] std::optional<LeakSuspect> by_missing(const ContingencyTable& presence) const {
    const double v = cramers_v(presence);
    if (!(v >= limits_.cramers_v)) return std::nullopt;
    return suspect(
        LeakEvidence::missing, v,
        fmt::format("whether it is missing almost gives the label: Cramér's V {:.3f}", v));
  }

  [[nodiscard]] std::optional<LeakSuspect> by_order() const {
    if (!column_.is_number() || !has_rows_enough()) return std::nullopt;
    const double area = area_under_curve(column_.numbers, labels_);
    const double score = std::max(area, 1.0 - area);
    if (!(score >= limits_.area)) return std::nullopt;
    return suspect(LeakEvidence::order, score,
                   fmt::format("its {} values almost give the label: area under the ROC curve "
                               "{:.4f}",
                               area > 0.5 ? "high" : "low", score));
  }

  [[nodiscard]] std::optional<LeakSuspect> by_levels(const ContingencyTable& table) const {
    const double v = cramers_v(table);
    if (!(v >= limits_.cramers_v)) return std::nullopt;
    return suspect(LeakEvidence::levels, v,
                   fmt::format("its values almost give the label: Cramér's V {:.3f}", v));
  }

  [[nodiscard]] std::optional<LeakSuspect> by_one_level(
      const ContingencyTable& table, const std::vector<std::string>& names) const {
    const Margins margins = margins_of(table);
    std::optional<LeakSuspect> strongest;
    for (std::size_t level = 0; level < table.rows; ++level) {
      for (std::size_t side = 0; side < 2; ++side) {
        const auto count = static_cast<double>(table.count(level, side));
        const auto rows = static_cast<double>(margins.rows[level]);
        const auto of_class = static_cast<double>(margins.columns[side]);
        const double share = count / of_class;
        // The class is common enough to fill a level by chance, if base^rows is no tiny number.
        const double base = of_class / static_cast<double>(margins.total);
        const bool is_chance = rows * std::log(base) > std::log(1e-6);
        if (is_chance || share < limits_.class_share || count < limits_.purity * rows) continue;
        if (strongest && share <= strongest->score) continue;
        const std::string name = level < names.size() ? shortened(names[level]) : "no value";
        strongest =
            suspect(LeakEvidence::one_level, share,
                    fmt::format("\"{}\" occurs with one class only, in {:.1f} % of its rows", name,
                                100.0 * share));
      }
    }
    return strongest;
  }

  [[nodiscard]] bool has_rows_enough() const {
    std::size_t rows = 0;
    std::size_t positives = 0;
    for (std::size_t row = 0; row < labels_.size(); ++row) {
      if (std::isnan(column_.numbers[row])) continue;
      ++rows;
      positives += labels_[row] == 1.0F ? 1 : 0;
    }
    return rows >= kLeastLeakRows && std::min(positives, rows - positives) >= kLeastLeakClassRows;
  }

  const Column& column_;
  std::span<const float> labels_;
  Codes label_codes_;
  const LeakLimits& limits_;
};

std::size_t count_distinct_values(const Column& column) {
  if (column.has_integers()) return count_distinct(column.integers);
  if (column.is_number()) {
    const std::vector<KeyedRow> rows = sorted_rows(column.numbers);
    std::size_t distinct = rows.empty() ? 0 : 1;
    for (std::size_t i = 1; i < rows.size(); ++i) distinct += rows[i].key != rows[i - 1].key;
    return distinct;
  }
  std::vector<bool> is_there(column.levels.size());
  for (const std::int32_t code : column.codes) {
    if (code != kMissingCode) is_there[static_cast<std::size_t>(code)] = true;
  }
  return static_cast<std::size_t>(std::count(is_there.begin(), is_there.end(), true));
}

}  // namespace

std::string_view evidence_name(LeakEvidence evidence) {
  switch (evidence) {
    case LeakEvidence::order:
      return "order";
    case LeakEvidence::levels:
      return "levels";
    case LeakEvidence::missing:
      return "missing values";
    case LeakEvidence::one_level:
      return "one level";
  }
  return "unknown";
}

std::vector<LeakSuspect> find_leaks(const Table& table, std::span<const std::string> names,
                                    std::span<const float> labels, const LeakLimits& limits) {
  std::vector<const Column*> columns;
  for (const std::string& name : names) columns.push_back(&table.column(name));
  if (labels.size() != table.rows()) {
    fail("find_leaks: {} labels for {} rows", labels.size(), table.rows());
  }
  const auto positives = std::count(labels.begin(), labels.end(), 1.0F);
  const std::size_t rarer = std::min(static_cast<std::size_t>(positives),
                                     labels.size() - static_cast<std::size_t>(positives));
  if (table.rows() < kLeastLeakRows || rarer < kLeastLeakClassRows) return {};
  const std::vector<std::int32_t> codes = label_codes(labels);
  std::vector<std::optional<LeakSuspect>> found(columns.size());
  parallel_for(columns.size(), table.rows(), [&](std::size_t i) {
    if (columns[i]->kind == ColumnKind::identifier) return;
    found[i] = Judge(*columns[i], labels, codes, limits).judge();
  });
  std::vector<LeakSuspect> suspects;
  for (std::optional<LeakSuspect>& suspect : found) {
    if (suspect) suspects.push_back(std::move(*suspect));
  }
  std::stable_sort(suspects.begin(), suspects.end(),
                   [](const LeakSuspect& a, const LeakSuspect& b) { return a.score > b.score; });
  return suspects;
}

IdentifierColumn describe_identifier(const Column& column) {
  return {column.name, count_distinct_values(column), column.size() - count_missing(column)};
}

std::vector<IdentifierColumn> find_identifiers(const Table& table) {
  constexpr double kDistinctShare = 0.95;
  std::vector<IdentifierColumn> found;
  for (const Column& column : table.columns()) {
    const bool is_read_so = column.kind == ColumnKind::identifier;
    if (!is_read_so && !has_identifier_name(column.name)) continue;
    const IdentifierColumn identifier = describe_identifier(column);
    const double least = kDistinctShare * static_cast<double>(identifier.values);
    if (is_read_so ||
        (identifier.values > 1 && static_cast<double>(identifier.distinct) >= least)) {
      found.push_back(identifier);
    }
  }
  return found;
}

}  // namespace ebb::preprocessing

#include "preprocessing/selection/relation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/statistics/contingency.h"
#include "preprocessing/statistics/correlation.h"
#include "preprocessing/statistics/mutual_information.h"

namespace ebb::preprocessing {
namespace {

constexpr std::array<std::pair<std::string_view, Relation>, 4> kNames = {{
    {"pearson", Relation::pearson},
    {"spearman", Relation::spearman},
    {"cramers_v", Relation::cramers_v},
    {"mutual_information", Relation::mutual_information},
}};

double defined(double score) { return std::isnan(score) ? 0.0 : std::abs(score); }

ContingencyTable pairs_with_label(const Column& column, Codes labels) {
  if (column.is_number()) {
    const BinnedColumn binned = quantile_bins(column.numbers);
    return count_pairs(binned.codes, binned.bins(), labels, 2, MissingCells::own_level);
  }
  const Column text = column.has_integers() ? as_text(column) : Column();
  const Column& coded = column.has_integers() ? text : column;
  return count_pairs(coded.codes, coded.levels.size(), labels, 2, MissingCells::own_level);
}

double relation_of(const Column& column, Numbers target, Codes labels, Relation relation) {
  if (relation == Relation::spearman && column.is_number()) {
    return spearman(column.numbers, target);
  }
  const ContingencyTable table = pairs_with_label(column, labels);
  return relation == Relation::mutual_information ? mutual_information(table) : cramers_v(table);
}

/// |r| of all numbers, in one pass.
void add_pearson(const std::vector<const Column*>& columns, Numbers target,
                 std::vector<double>& scores) {
  std::vector<Numbers> numbers;
  for (const Column* column : columns) {
    if (column->is_number()) numbers.push_back(column->numbers);
  }
  const std::vector<double> found = correlations_with(numbers, target);
  std::size_t next = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i]->is_number()) scores[i] = found[next++];
  }
}

/// What a column is scored by if `relation` is asked for.
Relation measured_as(const Column& column, Relation relation) {
  const bool is_of_numbers = relation == Relation::pearson || relation == Relation::spearman;
  return is_of_numbers && !column.is_number() ? Relation::cramers_v : relation;
}

/// Positions by falling score; of equal scores the earlier one first.
std::vector<std::size_t> order_by_score(const std::vector<double>& scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  return order;
}

Selection all_kept(std::span<const std::string> names, const std::vector<double>& scores) {
  Selection selection;
  for (std::size_t i = 0; i < names.size(); ++i) {
    selection.columns.push_back({.name = names[i], .score = scores[i], .reason = {}});
  }
  return selection;
}

}  // namespace

std::string_view relation_name(Relation relation) {
  for (const auto& [name, value] : kNames) {
    if (value == relation) return name;
  }
  return "unknown";
}

Relation parse_relation(std::string_view name) {
  for (const auto& [known, value] : kNames) {
    if (known == name) return value;
  }
  fail<DataError>(
      "\"{}\" is no relation to the label: use pearson, spearman, cramers_v or mutual_information",
      shortened(name));
}

std::vector<double> relations_to_label(const Table& table, std::span<const std::string> names,
                                       std::span<const float> labels, Relation relation) {
  const std::vector<const Column*> columns = columns_of(table, names);
  if (labels.size() != table.rows()) {
    fail("relations_to_label: {} labels for {} rows", labels.size(), table.rows());
  }
  const std::vector<double> target(labels.begin(), labels.end());
  const std::vector<std::int32_t> codes = label_codes(labels);
  std::vector<double> scores(columns.size());
  parallel_for(columns.size(), table.rows(), [&](std::size_t i) {
    if (relation == Relation::pearson && columns[i]->is_number()) return;
    scores[i] = relation_of(*columns[i], target, codes, relation);
  });
  if (relation == Relation::pearson) add_pearson(columns, target, scores);
  std::transform(scores.begin(), scores.end(), scores.begin(), defined);
  return scores;
}

Selection select_related(const Table& table, std::span<const std::string> names,
                         std::span<const float> labels, const RelationOptions& options) {
  const std::vector<double> scores = relations_to_label(table, names, labels, options.relation);
  Selection selection = all_kept(names, scores);
  std::size_t kept = 0;
  for (const std::size_t i : order_by_score(scores)) {
    ColumnVerdict& verdict = selection.columns[i];
    const auto judged = [&](std::string_view against) {
      return fmt::format("{} with the label is {:.4f}, {}",
                         relation_name(measured_as(table.column(names[i]), options.relation)),
                         scores[i], against);
    };
    if (scores[i] < options.least) {
      verdict.drop(judged(fmt::format("below {:g}", options.least)));
    } else if (options.most && kept == *options.most) {
      verdict.drop(judged(fmt::format("not among the {} highest", *options.most)));
    } else {
      ++kept;
    }
  }
  return selection;
}

Selection select_uncorrelated(const Table& table, std::span<const std::string> names,
                              std::span<const float> labels, double limit) {
  if (!(limit >= 0.0 && limit <= 1.0)) {
    fail<DataError>("the largest |r| between two features is {}: choose one from 0 to 1", limit);
  }
  const std::vector<double> scores = relations_to_label(table, names, labels, Relation::pearson);
  Selection selection = all_kept(names, scores);
  std::vector<Numbers> numbers;
  std::vector<std::size_t> place(names.size());  // among the numbers
  for (std::size_t i = 0; i < names.size(); ++i) {
    place[i] = numbers.size();
    const Column& column = table.column(names[i]);
    if (column.is_number()) numbers.push_back(column.numbers);
  }
  const SymmetricMatrix matrix = correlation_matrix(numbers);
  std::vector<std::size_t> kept;
  for (const std::size_t i : order_by_score(scores)) {
    if (!table.column(names[i]).is_number()) continue;
    const auto r_with = [&](std::size_t other) { return matrix(place[i], place[other]); };
    const auto found = std::find_if(kept.begin(), kept.end(), [&](std::size_t other) {
      return std::abs(r_with(other)) > limit;
    });
    if (found == kept.end()) {
      kept.push_back(i);
      continue;
    }
    selection.columns[i].drop(
        fmt::format("r = {:.4f} with \"{}\", which is no less related to the label", r_with(*found),
                    shortened(names[*found])));
  }
  return selection;
}

}  // namespace ebb::preprocessing

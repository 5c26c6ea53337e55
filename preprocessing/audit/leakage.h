// Columns that know the answer, and columns that know the customer.
//
// A column that almost gives the label by itself was mostly filled in after the fact (a reason for
// cancelling, a closing date, a copy of the label): a model that learns from it is good on old
// rows and useless on new ones. What is found is a suspicion, which only whoever knows the data
// can settle.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// What speaks against a column.
enum class LeakEvidence {
  order,    ///< numbers: the area under the ROC curve, or 1 less it; score: the greater of the two
  levels,   ///< levels, or quantile bins of numbers: Cramér's V with the bias correction
  missing,  ///< whether a value is missing: Cramér's V
  one_level,  ///< one level, or having a value at all, goes with one class only; score: its share
              ///< of that class
};

/// "order", "levels", "missing values" or "one level".
std::string_view evidence_name(LeakEvidence evidence);

struct LeakSuspect {
  std::string column;
  LeakEvidence evidence = LeakEvidence::order;
  double score = 0.0;
  std::string explanation;  ///< one clause
};

struct LeakLimits {
  double area = 0.98;
  double cramers_v = 0.9;
  /// A level is a suspect if it has so large a share of one class and so pure a one.
  double class_share = 0.2;
  double purity = 0.999;
};

/// Rows below which, in all or of either class, nothing is suspected: chance could do it.
inline constexpr std::size_t kLeastLeakRows = 30;
inline constexpr std::size_t kLeastLeakClassRows = 5;

/// Judges each named column alone; `labels` are 0 or 1 per row. At most one suspect per column,
/// by the first evidence that holds, in the order missing, order, levels, one_level; strongest
/// first. Identifiers are not judged. Cost: a radix sort per number, linear. Throws DataError on
/// unknown names, Error on labels of another length.
std::vector<LeakSuspect> find_leaks(const Table& table, std::span<const std::string> names,
                                    std::span<const float> labels, const LeakLimits& limits = {});

struct IdentifierColumn {
  std::string name;
  std::size_t distinct = 0;  ///< values
  std::size_t values = 0;    ///< that are not missing
};

/// How many values a column has, and how many distinct ones.
IdentifierColumn describe_identifier(const Column& column);

/// Columns that name rows and say nothing about new ones: those read as identifiers
/// (table/inference.h), and those named like one of which 95 % of the values are distinct.
std::vector<IdentifierColumn> find_identifiers(const Table& table);

}  // namespace ebb::preprocessing

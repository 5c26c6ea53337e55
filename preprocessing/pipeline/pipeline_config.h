// What the pipeline is asked to do with the columns of a table.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "preprocessing/cleaning/missing_values.h"
#include "preprocessing/csv/csv_options.h"
#include "preprocessing/scaling/scaling.h"
#include "preprocessing/selection/recursive_elimination.h"
#include "preprocessing/steps/step_options.h"

namespace ebb::preprocessing {

struct NumberOptions {
  NumberFill fill = NumberFill::median;
  double constant = 0.0;  ///< the fill value for NumberFill::constant, before scaling
  MissingIndicator indicator = MissingIndicator::when_missing;
  Scaling scaling = Scaling::quantile_normal;
  bool operator==(const NumberOptions&) const = default;
};

struct CategoryOptions {
  CategoryFill fill = CategoryFill::missing_code;
  /// Levels seen fewer times in training share the unknown code. At least 1; 2 teaches the model
  /// what an unknown value means without losing a level that could be learned.
  std::size_t min_count = 2;
  bool operator==(const CategoryOptions&) const = default;
};

/// What transform does when a column that the model uses is not in the table.
enum class AbsentColumn {
  error,   ///< DataError that names it
  impute,  ///< all its values count as missing; reported in the DriftReport
};

struct PipelineConfig {
  std::string target;                     ///< never a feature; empty: no target in the table
  std::array<std::string, 2> classes;     ///< Labels::classes, kept for evaluation
  std::vector<std::string> drop_columns;  ///< columns that shall not be features
  /// Number columns to be encoded as categories: 0/1 flags, say. They are read as numbers all the
  /// same, so that 1 and 1.0 are one value in every file.
  std::vector<std::string> number_categories;
  /// Whether number columns of two values in the training rows are such, too, but for those that
  /// `number_columns` or `declared_numbers` names or a step made or scaled.
  bool two_values_as_category = false;
  std::vector<std::string> declared_numbers;
  /// Applied in order before columns become features (steps/every_step.h). All other options are
  /// about the columns that there are after them; a number that a step scaled is not scaled again,
  /// unless `number_columns` has options for it.
  std::vector<StepDeclaration> steps;
  /// A column whose equal values say that rows belong together, as those of one customer, whose
  /// labels then tell of each other: a step that encodes by the label keeps them in one fold. A row
  /// without a value stands for itself. Empty: every row does.
  std::string group_column;
  /// What a step asks how important columns are. Empty: there is no such model, and a step that
  /// needs one is refused.
  ImportanceModel importance;
  std::uint64_t seed = 0;  ///< of steps that draw random numbers
  NumberOptions numbers;
  CategoryOptions categories;
  std::map<std::string, NumberOptions> number_columns;      ///< overrides by column name
  std::map<std::string, CategoryOptions> category_columns;  ///< overrides by column name
  AbsentColumn absent_columns = AbsentColumn::error;
  std::size_t quantiles = 1000;  ///< most knots of a quantile scaler, >= 2
  std::size_t bins = 48;         ///< most bins of a piecewise-linear encoding, >= 1
  /// Kept so that new files are read as the training file was.
  std::vector<std::string> missing_tokens = CsvOptions::default_missing_tokens();
};

}  // namespace ebb::preprocessing

// How predictions change with one column: partial dependence and its single curves.
#pragma once

#include <functional>
#include <vector>

#include "apps/churn/explanation/attributions.h"
#include "apps/churn/model/feature_columns.h"
#include "preprocessing/table/column.h"

namespace ebb::churn {

/// Rows whose values of a column are worth looking at, ascending by value: of a number those
/// nearest to the quantiles i / (most - 1), each value once; else one row of each text, by falling
/// frequency, at most `most`. Missing values come last, once.
std::vector<std::size_t> grid_rows(const preprocessing::Column& column, std::size_t most);

/// Curves over the grid.
struct DependenceCurves {
  std::vector<std::vector<double>> logits;  // of each row, at each point: ICE
  std::vector<double> mean_logit;           // at each point: partial dependence
  std::vector<double> mean_probability;
};

/// Individual conditional expectation (Goldstein et al. 2015) and its mean, partial dependence
/// (Friedman 2001): what the model says of each of `rows` when the features of `column` are those
/// of each of `grid` instead. Where columns go together, the mixed rows may be customers that
/// cannot exist. `between`, if given, is called before each point.
DependenceCurves partial_dependence(const LogitFunction& logits, const FeatureColumn& column,
                                    const preprocessing::EncodedRows& rows,
                                    const preprocessing::EncodedRows& grid,
                                    const std::function<void()>& between = {});

}  // namespace ebb::churn

// What explanations of single predictions share: what is explained, and how its parts are given.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "preprocessing/pipeline/pipeline.h"

namespace ebb::churn {

/// What is explained: the log-odds that a model gives to encoded rows in host memory.
using LogitFunction = std::function<std::vector<float>(const preprocessing::EncodedRows&)>;

/// Of each row, how much each column moves its log-odds away from `base`.
struct Attributions {
  std::size_t rows = 0;
  std::size_t columns = 0;
  double base = 0.0;           // log-odds of what rows are compared with
  std::vector<float> logits;   // of the rows
  std::vector<double> values;  // [rows, columns]
  std::vector<double> errors;  // standard errors, [rows, columns]; empty: nothing was drawn
  double largest_gap = 0.0;    // of any row: |logit - base - sum of its values|

  double value(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

/// |logit - base - sum of the row's values|.
double gap_of(const Attributions& attributions, std::size_t row);
/// Fills in largest_gap.
void measure_gap(Attributions& attributions);

}  // namespace ebb::churn

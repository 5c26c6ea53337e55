// What the explanations of many customers have in common, to print.
#pragma once

#include <cstdio>
#include <span>
#include <vector>

#include "apps/churn/explanation/attributions.h"
#include "apps/churn/model/feature_columns.h"

namespace ebb::program {

struct ExplanationSummary {
  std::size_t rows = 0;
  double base = 0.0;
  double largest_gap = 0.0;
  double squared_errors = 0.0;  // summed over rows and columns
  bool has_errors = false;
  std::vector<double> magnitudes;  // of each column, sums over rows of |effect|
  std::vector<double> points;      // the same of the change of probability without the effect

  void add(const churn::Attributions& found);
};

/// The columns by their mean effect, what effects are counted from, and how exact they are.
void print_summary(std::FILE* stream, const ExplanationSummary& summary,
                   std::span<const churn::FeatureColumn> columns, double seconds);

}  // namespace ebb::program

// What a column of the customer table is and serves for, to show before training.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::churn {

enum class ColumnRole {
  number_feature,
  category_feature,
  step_input,  // no feature itself; declared steps make some of it
  target,
  id,
  weight,
  split,
  left_out
};

/// "number feature", "category feature", "input of steps", "target", "id", "weight", "split",
/// "left out".
std::string_view to_string(ColumnRole role);

struct ColumnDescription {
  std::string name;
  preprocessing::ColumnKind kind = preprocessing::ColumnKind::number;
  bool is_declared = false;  // its kind was not inferred
  ColumnRole role = ColumnRole::number_feature;
  std::size_t missing = 0;
  std::string values;  // `0 to 72`, or `"DSL", "Fiber optic", "No"`
};

/// Describes the columns of a table whose training rows `pipeline` was fitted to.
std::vector<ColumnDescription> describe_columns(const preprocessing::Table& table,
                                                const RunConfig& config,
                                                const preprocessing::Pipeline& pipeline);

}  // namespace ebb::churn

// The columns that move a prediction most, in words.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "apps/churn/explanation/attributions.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::churn {

enum class Language { english, chinese };

/// "en" or "zh". Throws DataError otherwise.
Language parse_language(std::string_view name);

/// Columns of one row by falling |value|, the first of equal ones first; at most `most`, and none
/// without any effect.
std::vector<std::size_t> strongest_columns(std::span<const double> values, std::size_t most);

class ReasonWriter {
 public:
  /// The median of training values is given beside a number whose missing values are filled with
  /// it, else their mean.
  ReasonWriter(const preprocessing::Pipeline& pipeline, const PreprocessingConfig& config,
               Language language);

  /// "plan is basic, +0.42", "days is 64 (usual: 12), -0.31" or "days is missing, +0.05": the value
  /// of `name` in row `row` of `table`, whose columns are as the steps left them, and what it adds
  /// to the log-odds. A column that the table lacks counts as missing.
  std::string reason(const preprocessing::Table& table, std::size_t row, const std::string& name,
                     double effect) const;

 private:
  Language language_;
  std::map<std::string, std::string> usual_;  // of numbers
};

}  // namespace ebb::churn

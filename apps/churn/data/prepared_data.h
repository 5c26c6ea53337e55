// From a customer table to model inputs: read, cleaned, split, and fitted on training rows only.
#pragma once

#include <string>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/table/labels.h"

namespace ebb::churn {

/// Encoded rows of one part of the split, with their labels (0 or 1).
struct LabelledRows {
  preprocessing::EncodedRows features;
  std::vector<float> labels;

  std::size_t rows() const { return labels.size(); }
};

struct PreparedData {
  preprocessing::Pipeline pipeline;
  LabelledRows train;
  LabelledRows validation;
  LabelledRows test;                // may have no rows
  std::size_t table_rows = 0;       // read from the file
  std::size_t duplicates = 0;       // of those, dropped
  double training_base_rate = 0.0;  // share of positives among training rows
  std::string fingerprint;          // of the table's contents, to notice changed data on resuming
  std::vector<std::string> notes;   // what the user should know, one sentence each
};

/// Reads and prepares what config.data, .split, .preprocessing and .training.seed ask for. Throws
/// DataError and IoError as the preprocessing library does.
PreparedData prepare_data(const RunConfig& config);

}  // namespace ebb::churn

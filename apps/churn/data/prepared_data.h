// From a customer table to model inputs: read, cleaned, split, and fitted on training rows only.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "apps/churn/data/column_description.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/table/labels.h"

namespace ebb::churn {

/// Encoded rows of one part of the split, with their labels (0 or 1).
struct LabelledRows {
  preprocessing::EncodedRows features;
  std::vector<float> labels;
  std::vector<float> weights;  // of training rows: their mean is 1; empty: all 1

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
  std::string split;                // how rows were split and what each part is, in one line
  std::vector<ColumnDescription> columns;  // all that were read, in the file's order
  std::vector<std::string> notes;          // what the user should know, one sentence each
  std::vector<std::string> warnings;       // what is probably not what the user meant
};

/// Reads and prepares what config.data, .split, .preprocessing and .training.seed ask for, with
/// model.bins bins for the piecewise-linear embedding. Equal for any number of threads. Throws
/// DataError if data.path or data.target is empty, for columns in the configuration that the table
/// lacks, and, as IoError, where the preprocessing library does.
///
/// Exact duplicates are dropped before the split. Where the user gives the split, a training row
/// that equals a validation or test row in all other columns is dropped too, so that no row is
/// both learned from and measured on (unless preprocessing.drop_duplicates is false).
///
/// The columns split.column, split.group and split.time are no features: a model would learn who a
/// row belongs to, or times that do not come again. Declaring a group's or a time's column in
/// data.columns, as a number or a category, makes it one all the same.
///
/// Duplicates are found, the pipeline is fitted and rows are encoded on `device`, where they stay,
/// with the same bits on each. `between` is called between what takes long, the fits of a model
/// that columns are eliminated by, and may end it by an exception.
PreparedData prepare_data(const RunConfig& config, Device device = {},
                          const std::function<void()>& between = {});

/// Rows as model inputs, with what is written beside them.
struct PreparedRows {
  preprocessing::EncodedRows features;
  std::vector<float> labels;     // of the rows; none without a target in the table
  std::vector<std::string> ids;  // of the rows, as texts; none without an id column
};

/// A whole table as model inputs.
struct PreparedTable {
  preprocessing::Pipeline pipeline;
  PreparedRows rows;
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
};

/// As prepare_data, with every row to train on and none to measure: for a table that was split
/// before. The split, but for its group, and the model's settings in `config` do not count. The
/// rows are in host memory.
PreparedTable prepare_table(const RunConfig& config, Device device = {},
                            const std::function<void()>& between = {});

/// Rows of a labelled table, as a fitted pipeline encodes them on `device`. `drift` is added to.
/// Throws as read_csv, parse_labels and Pipeline::transform do.
LabelledRows load_labelled(const std::filesystem::path& path,
                           const preprocessing::Pipeline& pipeline,
                           preprocessing::DriftReport& drift,
                           std::optional<char> delimiter = std::nullopt, Device device = {});

}  // namespace ebb::churn

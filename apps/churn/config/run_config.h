// Every setting of a training run. The defaults are the recommended ones.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/churn/decision/score_calibration.h"
#include "apps/churn/decision/threshold.h"
#include "kernels/activation/activation.h"
#include "kernels/common/precision.h"
#include "preprocessing/pipeline/pipeline_config.h"
#include "preprocessing/table/column.h"

namespace ebb::churn {

/// Which table, and what its columns are. TOML: [data].
struct DataConfig {
  std::string path;       // CSV, TSV or JSON lines, plain, .gz, .xz or .zst
  std::string target;     // the label column
  std::string positive;   // the class to predict; empty: understood from yes/no, true/false, 0/1
  std::string id_column;  // passed through to the scores
  std::string weight_column;              // what each training row counts for; empty: 1
  std::vector<std::string> drop_columns;  // never features
  std::map<std::string, preprocessing::DeclaredKind> columns;  // what columns are, by name
  std::optional<char> delimiter;  // found from the file if not given, but for blanks
  std::vector<std::string> missing_tokens = preprocessing::CsvOptions::default_missing_tokens();
  bool operator==(const DataConfig&) const = default;
};

/// Which rows train, choose and measure. TOML: [split].
struct SplitConfig {
  double validation_fraction = 0.15;  // of all rows
  double test_fraction = 0.2;         // of all rows; 0: no test rows
  std::string test_data;              // a table of test rows; then test_fraction does not apply
  std::string column;                 // a column of train, val, test; then no fraction applies
  std::string group;                  // rows of one value of this column stay in one part
  std::string time;                   // rows are split in the order of this column
  std::int64_t seed = -1;             // of a split at random; -1: training.seed
  bool operator==(const SplitConfig&) const = default;
};

/// How features are made. TOML: [preprocessing].
struct PreprocessingConfig {
  std::vector<preprocessing::StepDeclaration>
      steps;  // in order, before all else. TOML: [[preprocessing.steps]]
  preprocessing::NumberOptions numbers;
  preprocessing::CategoryOptions categories;
  std::map<std::string, preprocessing::NumberOptions> number_columns;      // overrides by name
  std::map<std::string, preprocessing::CategoryOptions> category_columns;  // overrides by name
  bool two_values_as_category = true;  // a number column of two values becomes a category
  bool drop_duplicates = true;         // exact duplicate rows, later ones
  preprocessing::AbsentColumn absent_columns = preprocessing::AbsentColumn::error;
  std::size_t quantiles = 1000;  // most knots of the quantile scalings
  bool operator==(const PreprocessingConfig&) const = default;
};

/// How a number becomes a vector.
enum class NumberEmbedding {
  linear,            // value * weight + bias
  piecewise_linear,  // quantile bins, then linear per feature
  periodic,          // linear, and sines and cosines of learned frequencies through a ReLU layer
};

/// The network. TOML: [model].
struct ModelConfig {
  std::int64_t dim = 64;
  std::int64_t layers = 2;
  std::int64_t heads = 4;
  std::int64_t feed_forward = 128;
  kernels::Activation activation = kernels::Activation::gelu;
  double attention_dropout = 0.1;
  double activation_dropout = 0.1;
  double residual_dropout = 0.1;
  bool pre_norm = true;
  NumberEmbedding number_embedding = NumberEmbedding::periodic;
  std::int64_t bins = 16;         // of the piecewise-linear encoding
  std::int64_t frequencies = 16;  // of the periodic encoding
  double frequency_deviation = 0.1;
  std::int64_t members = 1;  // of an ensemble inside the network; 1: none
  bool operator==(const ModelConfig&) const = default;
};

enum class OptimizerKind { adamw, sgd };
enum class ScheduleKind { constant, cosine, one_cycle, reduce_on_plateau };
/// What the best epoch is best in, on validation rows.
enum class SelectionMetric { log_loss, roc_auc };

/// How the network is fitted. TOML: [training].
struct TrainingConfig {
  std::uint64_t seed = 0;  // of splits, first weights, order of rows and dropout
  std::int64_t epochs = 20;
  std::int64_t batch_size = 0;           // 0: by the number of training rows (see settled())
  Precision precision = Precision::f32;  // of products in training steps
  OptimizerKind optimizer = OptimizerKind::adamw;
  double learning_rate = 1e-3;
  double weight_decay = 1e-4;  // of matrices only, decoupled
  double momentum = 0.9;       // of sgd
  ScheduleKind schedule = ScheduleKind::cosine;
  double warmup_fraction = 0.05;  // of all steps
  double gradient_clip = 1.0;     // largest norm of the gradient; 0: unlimited
  double average_decay = 0.99;    // of the moving average of weights; 0: none
  double label_smoothing = 0.0;
  double positive_weight = 1.0;  // 0: what balances the classes (see settled())
  double focal_gamma = 0.0;      // of the focal loss; 0: the plain cross-entropy
  SelectionMetric selection = SelectionMetric::log_loss;
  std::int64_t patience = 0;  // epochs without a better one before stopping; 0: never stop early
  bool operator==(const TrainingConfig&) const = default;
};

/// How probabilities become decisions. TOML: [decision].
struct DecisionConfig {
  ThresholdObjective objective = ThresholdObjective::f1;
  CostMatrix costs;            // for the cost objective
  Campaign campaign;           // for the profit objective
  double contact_share = 0.1;  // of all customers; for the budget objective
  CalibrationMethod calibration = CalibrationMethod::none;  // fitted to validation rows
  bool operator==(const DecisionConfig&) const = default;
};

/// Where to run; results do not depend on `threads`. TOML: [runtime].
struct RuntimeConfig {
  std::string device = "auto";  // see choose_device
  int threads = 0;              // 0: all
  bool detect_anomaly = false;  // look at every operation for NaN and infinities
  bool cuda_graph = false;      // record training steps as CUDA graphs; the results are the same
  bool operator==(const RuntimeConfig&) const = default;
};

struct RunConfig {
  DataConfig data;
  SplitConfig split;
  PreprocessingConfig preprocessing;
  ModelConfig model;
  TrainingConfig training;
  DecisionConfig decision;
  RuntimeConfig runtime;
  bool operator==(const RunConfig&) const = default;
};

}  // namespace ebb::churn

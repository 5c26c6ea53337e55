// The list of settings: names, valid values and comments.
#include <array>
#include <limits>

#include "apps/churn/config/device_choice.h"
#include "apps/churn/config/setting_builder.h"

namespace ebb::churn {
namespace {

using preprocessing::AbsentColumn;
using preprocessing::CategoryFill;
using preprocessing::DeclaredKind;
using preprocessing::MissingIndicator;
using preprocessing::NumberFill;
using preprocessing::Scaling;

constexpr NumberRange kShareBelowOne{.lowest = 0.0, .highest = 1.0, .open_highest = true};
constexpr double kLargestFinite = std::numeric_limits<double>::max();

std::string_view name_of_absent(AbsentColumn absent) {
  return absent == AbsentColumn::error ? "error" : "impute";
}

/// The delimiter as a text: empty if it is to be found.
void add_delimiter(std::vector<Setting>& list) {
  const auto get = [](const RunConfig& config) -> SettingValue {
    return config.data.delimiter ? std::string(1, *config.data.delimiter) : std::string();
  };
  const auto set = [](RunConfig& config, const SettingValue& value) {
    const auto& text = std::get<std::string>(value);
    if (text.empty()) {
      config.data.delimiter.reset();
      return true;
    }
    if (text.size() != 1 || std::string_view(",;\t| ").find(text[0]) == std::string_view::npos) {
      return false;
    }
    config.data.delimiter = text[0];
    return true;
  };
  list.push_back(
      {{"data"},
       "delimiter",
       R"(of fields: ",", ";", "\t", "|", or " " for blanks; empty: found from the file)",
       R"(one of ",", ";", "\t", "|", " " for fields between blanks, or "" to find )"
       "it from the file, which blanks are not",
       get,
       set});
}

void add_data(std::vector<Setting>& list, const RunConfig& config) {
  SettingBuilder data(list, {"data"});
  data.text(
      "path", [](auto& c) -> auto& { return c.data.path; },
      "the customer table: CSV, TSV or JSON lines, plain, .gz, .xz or .zst");
  data.text(
      "target", [](auto& c) -> auto& { return c.data.target; }, "the label column");
  data.text(
      "positive", [](auto& c) -> auto& { return c.data.positive; },
      "the class to predict; empty: the yes of yes/no, true/false, 1/0");
  data.text(
      "id_column", [](auto& c) -> auto& { return c.data.id_column; },
      "passed through to the scores, never a feature");
  data.text(
      "weight_column", [](auto& c) -> auto& { return c.data.weight_column; },
      "what each training row counts for in the loss, never a feature; empty: all the same");
  data.texts(
      "drop_columns", [](auto& c) -> auto& { return c.data.drop_columns; }, "never features");
  add_delimiter(list);
  data.texts(
      "missing_tokens", [](auto& c) -> auto& { return c.data.missing_tokens; },
      "fields that mean that a value is missing");

  SettingBuilder columns(list, kDeclaredColumnsTable);
  for (const auto& [name, kind] : config.data.columns) {
    columns.choice(
        name, [key = name](auto& c) -> auto& { return c.data.columns.at(key); },
        std::vector{DeclaredKind::number, DeclaredKind::category, DeclaredKind::identifier,
                    DeclaredKind::ignore},
        [](DeclaredKind value) { return kind_name(value); }, "what the column is");
  }
}

void add_split(std::vector<Setting>& list) {
  SettingBuilder split(list, {"split"});
  split.number(
      "validation_fraction", [](auto& c) -> auto& { return c.split.validation_fraction; },
      {.lowest = 0.0, .highest = 1.0, .open_lowest = true, .open_highest = true},
      "of all rows: they choose the best epoch and the threshold");
  split.number(
      "test_fraction", [](auto& c) -> auto& { return c.split.test_fraction; }, kShareBelowOne,
      "of all rows: they measure the model; 0: none");
  split.text(
      "test_data", [](auto& c) -> auto& { return c.split.test_data; },
      "a table of test rows, in place of test_fraction");
  split.text(
      "column", [](auto& c) -> auto& { return c.split.column; },
      "a column of train, val and test, in place of fractions");
  split.text(
      "group", [](auto& c) -> auto& { return c.split.group; },
      "rows of one value of this column stay in one part; a feature only if declared");
  split.text(
      "time", [](auto& c) -> auto& { return c.split.time; },
      "rows earlier in this column train, later ones measure; a feature only if declared");
  split.whole_number(
      "seed", [](auto& c) -> auto& { return c.split.seed; }, -1,
      std::numeric_limits<std::int64_t>::max(),
      "of a split at random; -1: training.seed. Members of an ensemble share it");
}

template <class Access>
void add_numbers(std::vector<Setting>& list, std::vector<std::string> table, Access access) {
  SettingBuilder numbers(list, std::move(table));
  numbers.choice(
      "fill", [=](auto& c) -> auto& { return access(c).fill; },
      std::vector{NumberFill::median, NumberFill::mean, NumberFill::mode, NumberFill::constant},
      [](NumberFill value) { return fill_name(value); }, "what stands in for a missing number");
  numbers.number(
      "constant", [=](auto& c) -> auto& { return access(c).constant; },
      {.lowest = -kLargestFinite, .highest = kLargestFinite}, "of fill = \"constant\"");
  numbers.choice(
      "indicator", [=](auto& c) -> auto& { return access(c).indicator; },
      std::vector{MissingIndicator::never, MissingIndicator::when_missing,
                  MissingIndicator::always},
      [](MissingIndicator value) { return indicator_name(value); },
      "a second feature that says that the number was missing");
  numbers.choice(
      "scaling", [=](auto& c) -> auto& { return access(c).scaling; },
      std::vector(preprocessing::kScalings.begin(), preprocessing::kScalings.end()),
      [](Scaling value) { return scaling_name(value); }, "how numbers are scaled");
}

template <class Access>
void add_categories(std::vector<Setting>& list, std::vector<std::string> table, Access access) {
  SettingBuilder categories(list, std::move(table));
  categories.choice(
      "fill", [=](auto& c) -> auto& { return access(c).fill; },
      std::vector{CategoryFill::missing_code, CategoryFill::mode},
      [](CategoryFill value) { return fill_name(value); }, "what stands in for a missing category");
  categories.whole_number(
      "min_count", [=](auto& c) -> auto& { return access(c).min_count; }, 1, 1'000'000'000,
      "values seen fewer times in training share one code");
}

void add_preprocessing(std::vector<Setting>& list, const RunConfig& config) {
  SettingBuilder general(list, {"preprocessing"});
  general.steps(
      "steps", [](auto& c) -> auto& { return c.preprocessing.steps; },
      "what is done to the columns before all else, in order, such as filling gaps or selecting "
      "columns by a model's importance: docs/pipeline.md");
  general.flag(
      "two_values_as_category",
      [](auto& c) -> auto& { return c.preprocessing.two_values_as_category; },
      "a number column of two values becomes a category");
  general.flag(
      "drop_duplicates", [](auto& c) -> auto& { return c.preprocessing.drop_duplicates; },
      "leave out rows that equal an earlier one");
  general.choice(
      "absent_columns", [](auto& c) -> auto& { return c.preprocessing.absent_columns; },
      std::vector{AbsentColumn::error, AbsentColumn::impute}, name_of_absent,
      "when new data lack a column");
  general.whole_number(
      "quantiles", [](auto& c) -> auto& { return c.preprocessing.quantiles; }, 2, 1'000'000,
      "most knots of quantile_normal and quantile_uniform scaling");
  add_numbers(
      list, {"preprocessing", "numbers"}, [](auto& c) -> auto& { return c.preprocessing.numbers; });
  add_categories(
      list, {"preprocessing", "categories"},
      [](auto& c) -> auto& { return c.preprocessing.categories; });
  for (const auto& [name, options] : config.preprocessing.number_columns) {
    std::vector<std::string> table = kNumberColumnsTable;
    table.push_back(name);
    add_numbers(
        list, std::move(table), [key = name](auto& c) -> auto& {
          return c.preprocessing.number_columns.at(key);
        });
  }
  for (const auto& [name, options] : config.preprocessing.category_columns) {
    std::vector<std::string> table = kCategoryColumnsTable;
    table.push_back(name);
    add_categories(
        list, std::move(table), [key = name](auto& c) -> auto& {
          return c.preprocessing.category_columns.at(key);
        });
  }
}

void add_model(std::vector<Setting>& list) {
  using kernels::Activation;
  SettingBuilder model(list, {"model"});
  model.whole_number(
      "dim", [](auto& c) -> auto& { return c.model.dim; }, 1, 8192,
      "numbers per token; a multiple of heads, at most 256 times as many");
  model.whole_number(
      "layers", [](auto& c) -> auto& { return c.model.layers; }, 1, 128, "encoder layers");
  model.whole_number(
      "heads", [](auto& c) -> auto& { return c.model.heads; }, 1, 256, "attention heads per layer");
  model.whole_number(
      "feed_forward", [](auto& c) -> auto& { return c.model.feed_forward; }, 1, 65536,
      "hidden numbers of each feed-forward block");
  model.choice(
      "activation", [](auto& c) -> auto& { return c.model.activation; },
      std::vector{Activation::identity, Activation::relu, Activation::gelu, Activation::silu},
      [](Activation value) { return kernels::name_of(value); }, "of the feed-forward blocks");
  model.number(
      "attention_dropout", [](auto& c) -> auto& { return c.model.attention_dropout; },
      kShareBelowOne, "of attention probabilities");
  model.number(
      "activation_dropout", [](auto& c) -> auto& { return c.model.activation_dropout; },
      kShareBelowOne, "inside the feed-forward blocks");
  model.number(
      "residual_dropout", [](auto& c) -> auto& { return c.model.residual_dropout; }, kShareBelowOne,
      "of what each block adds");
  model.flag(
      "pre_norm", [](auto& c) -> auto& { return c.model.pre_norm; },
      "normalise before each block; false: after it");
  model.choice(
      "number_embedding", [](auto& c) -> auto& { return c.model.number_embedding; },
      std::vector{NumberEmbedding::linear, NumberEmbedding::piecewise_linear,
                  NumberEmbedding::periodic},
      [](NumberEmbedding value) {
        return std::array{"linear", "piecewise_linear", "periodic"}.at(
            static_cast<std::size_t>(value));
      },
      "how a number becomes a token");
  model.whole_number(
      "bins", [](auto& c) -> auto& { return c.model.bins; }, 1, 1024,
      "most bins of the piecewise-linear embedding");
  model.whole_number(
      "frequencies", [](auto& c) -> auto& { return c.model.frequencies; }, 1, 1024,
      "of the periodic embedding");
  model.number(
      "frequency_deviation", [](auto& c) -> auto& { return c.model.frequency_deviation; },
      {.lowest = 0.0, .highest = 1000.0, .open_lowest = true},
      "of the first frequencies of the periodic embedding");
  model.whole_number(
      "members", [](auto& c) -> auto& { return c.model.members; }, 1, 1024,
      "of an ensemble inside the network, which share all but their heads; 1: none");
}

void add_optimizer(SettingBuilder& training) {
  training.choice(
      "optimizer", [](auto& c) -> auto& { return c.training.optimizer; },
      std::vector{OptimizerKind::adamw, OptimizerKind::sgd},
      [](OptimizerKind value) { return value == OptimizerKind::adamw ? "adamw" : "sgd"; },
      "the rule of each step");
  training.number(
      "learning_rate", [](auto& c) -> auto& { return c.training.learning_rate; },
      {.lowest = 0.0, .highest = 100.0, .open_lowest = true}, "the largest of the schedule");
  training.number(
      "weight_decay", [](auto& c) -> auto& { return c.training.weight_decay; },
      {.lowest = 0.0, .highest = 100.0}, "of matrices, decoupled");
  training.number(
      "momentum", [](auto& c) -> auto& { return c.training.momentum; }, kShareBelowOne, "of sgd");
  training.choice(
      "schedule", [](auto& c) -> auto& { return c.training.schedule; },
      std::vector{ScheduleKind::constant, ScheduleKind::cosine, ScheduleKind::one_cycle,
                  ScheduleKind::reduce_on_plateau},
      [](ScheduleKind value) {
        return std::array{"constant", "cosine", "one_cycle", "reduce_on_plateau"}.at(
            static_cast<std::size_t>(value));
      },
      "of the learning rate");
  training.number(
      "warmup_fraction", [](auto& c) -> auto& { return c.training.warmup_fraction; },
      kShareBelowOne, "of all steps, in which the learning rate rises from 0");
  training.number(
      "gradient_clip", [](auto& c) -> auto& { return c.training.gradient_clip; },
      {.lowest = 0.0, .highest = 1e9}, "largest norm of the gradient; 0: unlimited");
  training.number(
      "average_decay", [](auto& c) -> auto& { return c.training.average_decay; }, kShareBelowOne,
      "per step, of the moving average of weights; 0: no average");
}

void add_training(std::vector<Setting>& list) {
  SettingBuilder training(list, {"training"});
  training.whole_number(
      "seed", [](auto& c) -> auto& { return c.training.seed; }, 0,
      std::numeric_limits<std::int64_t>::max(),
      "of splits, first weights, order of rows and dropout");
  training.whole_number(
      "epochs", [](auto& c) -> auto& { return c.training.epochs; }, 1, 1'000'000,
      "passes over the training rows");
  training.whole_number(
      "batch_size", [](auto& c) -> auto& { return c.training.batch_size; }, 0, 1'000'000,
      "rows per step; 0: 16 to 128, by the number of training rows");
  training.choice(
      "precision", [](auto& c) -> auto& { return c.training.precision; },
      std::vector(kPrecisions.begin(), kPrecisions.end()),
      [](Precision value) { return name_of(value); },
      "in training steps, of attention's products (tf32) or the linear layers' (bf16)");
  add_optimizer(training);
  training.number(
      "label_smoothing", [](auto& c) -> auto& { return c.training.label_smoothing; },
      kShareBelowOne, "moves labels towards 1/2");
  training.number(
      "positive_weight", [](auto& c) -> auto& { return c.training.positive_weight; },
      {.lowest = 0.0, .highest = 1e6},
      "of the loss of positive rows; 0: what makes both classes weigh the same");
  training.number(
      "focal_gamma", [](auto& c) -> auto& { return c.training.focal_gamma; },
      {.lowest = 0.0, .highest = 100.0},
      "of the focal loss, in which rows that are predicted well count less; 0: none");
  training.choice(
      "selection", [](auto& c) -> auto& { return c.training.selection; },
      std::vector{SelectionMetric::log_loss, SelectionMetric::roc_auc},
      [](SelectionMetric value) {
        return value == SelectionMetric::log_loss ? "log_loss" : "roc_auc";
      },
      "what the best epoch is best in, on validation rows");
  training.whole_number(
      "patience", [](auto& c) -> auto& { return c.training.patience; }, 0, 1'000'000,
      "epochs without a better one before stopping; 0: never stop early");
}

void add_decision(std::vector<Setting>& list) {
  SettingBuilder decision(list, {"decision"});
  decision.choice(
      "objective", [](auto& c) -> auto& { return c.decision.objective; },
      std::vector(kThresholdObjectives.begin(), kThresholdObjectives.end()),
      [](ThresholdObjective value) { return to_string(value); },
      "what the threshold is best in, on validation rows");
  constexpr NumberRange kCost{.lowest = -1e12, .highest = 1e12};
  decision.number(
      "false_negative_cost", [](auto& c) -> auto& { return c.decision.costs.false_negative; },
      kCost, "of missing a leaver; this and the next three for objective = \"cost\"");
  decision.number(
      "false_positive_cost", [](auto& c) -> auto& { return c.decision.costs.false_positive; },
      kCost, "of flagging a stayer");
  decision.number(
      "true_positive_cost", [](auto& c) -> auto& { return c.decision.costs.true_positive; }, kCost,
      "of flagging a leaver; below 0: a gain");
  decision.number(
      "true_negative_cost", [](auto& c) -> auto& { return c.decision.costs.true_negative; }, kCost,
      "of leaving a stayer alone");
  decision.number(
      "contact_share", [](auto& c) -> auto& { return c.decision.contact_share; },
      {.lowest = 0.0, .highest = 1.0, .open_lowest = true, .open_highest = true},
      "of all customers, as many as a campaign can contact; for objective = \"budget\"");
  constexpr NumberRange kMoney{.lowest = 0.0, .highest = 1e12};
  decision.number(
      "customer_value", [](auto& c) -> auto& { return c.decision.campaign.customer_value; },
      {.lowest = 0.0, .highest = 1e12, .open_lowest = true},
      "of a leaver who is kept, in any currency; this and the next three for objective = "
      "\"profit\"");
  decision.number(
      "incentive_cost", [](auto& c) -> auto& { return c.decision.campaign.incentive_cost; }, kMoney,
      "of the offer, paid for everyone who takes it");
  decision.number(
      "contact_cost", [](auto& c) -> auto& { return c.decision.campaign.contact_cost; }, kMoney,
      "of reaching one customer");
  decision.number(
      "acceptance_rate", [](auto& c) -> auto& { return c.decision.campaign.acceptance_rate; },
      {.lowest = 0.0, .highest = 1.0, .open_lowest = true, .open_highest = true},
      "share of contacted leavers who take the offer and stay");
  decision.choice(
      "calibration", [](auto& c) -> auto& { return c.decision.calibration; },
      std::vector(kCalibrationMethods.begin(), kCalibrationMethods.end()),
      [](CalibrationMethod value) { return to_string(value); },
      "how probabilities are brought to what happened on validation rows");
}

void add_runtime(std::vector<Setting>& list) {
  SettingBuilder runtime(list, {"runtime"});
  runtime.checked_text(
      "device", [](auto& c) -> auto& { return c.runtime.device; },
      "auto (the GPU if there is one), cpu, cuda or cuda:N", kDeviceNames, is_device_name);
  runtime.whole_number(
      "threads", [](auto& c) -> auto& { return c.runtime.threads; }, 0, 4096,
      "0: all; results do not depend on it");
  runtime.flag(
      "detect_anomaly", [](auto& c) -> auto& { return c.runtime.detect_anomaly; },
      "look for NaN and infinities in every operation of every step; slower");
  runtime.flag(
      "cuda_graph", [](auto& c) -> auto& { return c.runtime.cuda_graph; },
      "on a CUDA device, record training steps as CUDA graphs; the results are the same");
}

}  // namespace

std::vector<Setting> settings(const RunConfig& config) {
  std::vector<Setting> list;
  add_data(list, config);
  add_split(list);
  add_preprocessing(list, config);
  add_model(list);
  add_training(list);
  add_decision(list);
  add_runtime(list);
  return list;
}

}  // namespace ebb::churn

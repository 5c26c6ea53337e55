#include "apps/ebb/explain_globally.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "apps/churn/data/customer_tables.h"
#include "apps/churn/data/new_rows.h"
#include "apps/churn/explanation/attention_rollout.h"
#include "apps/churn/explanation/partial_dependence.h"
#include "apps/churn/explanation/permutation_importance.h"
#include "apps/ebb/delimiter_option.h"
#include "apps/ebb/output.h"
#include "preprocessing/common/names.h"
#include "preprocessing/csv/csv_writer.h"
#include "preprocessing/split/random_order.h"

namespace ebb::program {
namespace {

constexpr std::size_t kMostDependenceRows = 500;
constexpr std::size_t kMostAttentionRows = 2000;
constexpr std::size_t kMostPoints = 20;
// Customers whose single curves are written.
constexpr std::size_t kMostCurves = 50;

std::string six_digits(double value) { return fmt::format("{:.6f}", value); }

std::vector<churn::FeatureColumn> chosen_columns(const churn::ModelFile& model,
                                                 const std::vector<std::string>& names) {
  std::vector<churn::FeatureColumn> columns = churn::feature_columns(model.pipeline);
  if (names.empty()) return columns;
  std::vector<churn::FeatureColumn> chosen;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(columns, name, &churn::FeatureColumn::name);
    if (found == columns.end()) {
      std::vector<std::string> known;
      for (const churn::FeatureColumn& column : columns) known.push_back(column.name);
      fail<DataError>("--columns: the model has no column \"{}\"; it has {}", name,
                      fmt::join(known, ", "));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

/// A sample of rows, and which they are.
struct DrawnRows {
  std::vector<std::size_t> places;
  preprocessing::EncodedRows features;
};

DrawnRows drawn_rows(const preprocessing::EncodedRows& all, std::size_t most, std::uint64_t seed) {
  std::vector<std::size_t> places(all.rows);
  std::iota(places.begin(), places.end(), std::size_t{0});
  places = preprocessing::draw_rows(std::move(places), most, preprocessing::SplitMix64(seed));
  preprocessing::EncodedRows features = churn::take_rows(all, places);
  return {std::move(places), std::move(features)};
}

}  // namespace

FurtherRows read_further(const std::string& path, const churn::ModelFile& model,
                         const std::string& delimiter) {
  preprocessing::CsvReader reader =
      churn::open_new_rows(path, model.pipeline, {},
                           churn::further_delimiter(delimiter_of(delimiter), model.config.data));
  preprocessing::Table table;
  reader.next(table, std::numeric_limits<std::size_t>::max());
  return {model.pipeline.apply_steps(table), model.pipeline.transform(table)};
}

void write_importance(const churn::ModelFile& model, const ModelOptions& options,
                      const GlobalOptions& global, const churn::LogitFunction& logits,
                      const std::function<void()>& between) {
  Output output(global.importance);
  preprocessing::DriftReport drift;
  const churn::LabelledRows rows = churn::load_labelled(
      options.data, model.pipeline, drift,
      churn::further_delimiter(delimiter_of(options.delimiter), model.config.data));
  const std::vector<churn::FeatureColumn> columns = churn::feature_columns(model.pipeline);
  const auto groups = churn::associated_groups(columns, rows.features, churn::kAssociation);
  std::vector<churn::GroupImportance> importances = churn::permutation_importance(
      logits, columns, groups, rows, {.deals = 5, .seed = global.seed, .between = between});
  std::ranges::stable_sort(importances, std::greater<>(), &churn::GroupImportance::log_loss_rise);
  std::string text;
  preprocessing::append_csv_record(
      text, std::array<std::string, 5>{"columns", "log_loss_rise", "log_loss_standard_error",
                                       "auc_fall", "auc_standard_error"});
  for (const churn::GroupImportance& group : importances) {
    preprocessing::append_csv_record(
        text, std::array<std::string, 5>{churn::names_of(columns, group.columns),
                                         six_digits(group.log_loss_rise),
                                         six_digits(group.log_loss_error),
                                         six_digits(group.auc_fall), six_digits(group.auc_error)});
  }
  output.write(text);
  output.commit();
}

void write_dependence(const churn::ModelFile& model, const ModelOptions& options,
                      const GlobalOptions& global, const churn::LogitFunction& logits,
                      const std::function<void()>& between) {
  const std::vector<churn::FeatureColumn> columns = chosen_columns(model, global.columns);
  Output output(global.dependence);
  const FurtherRows all = read_further(options.data, model, options.delimiter);
  const auto [drawn, rows] = drawn_rows(all.features, kMostDependenceRows, global.seed);
  std::string text;
  preprocessing::append_csv_record(
      text, std::array<std::string, 6>{"column", "value", "row", "logit", "logit_centred",
                                       "probability"});
  for (const churn::FeatureColumn& column : columns) {
    const preprocessing::Column* values = all.table.find(column.name);
    if (values == nullptr) continue;  // absent, and all missing: there is no curve
    const std::vector<std::size_t> grid = churn::grid_rows(*values, kMostPoints);
    const churn::DependenceCurves curves = churn::partial_dependence(
        logits, column, rows, churn::take_rows(all.features, grid), between);
    const auto add = [&](const std::string& row, std::size_t point, double logit, double first,
                         double probability) {
      preprocessing::append_csv_record(
          text,
          std::array<std::string, 6>{column.name, values->text(grid[point]), row, six_digits(logit),
                                     six_digits(logit - first), six_digits(probability)});
    };
    for (std::size_t point = 0; point < grid.size(); ++point) {
      add("mean", point, curves.mean_logit[point], curves.mean_logit[0],
          curves.mean_probability[point]);
    }
    for (std::size_t i = 0; i < std::min(drawn.size(), kMostCurves); ++i) {
      for (std::size_t point = 0; point < grid.size(); ++point) {
        const double logit = curves.logits[i][point];
        add(fmt::format("{}", drawn[i] + 1), point, logit, curves.logits[i][0],
            churn::probability_of(static_cast<float>(logit)));
      }
    }
  }
  output.write(text);
  output.commit();
}

void write_attention(const churn::ModelFile& model, const ModelOptions& options,
                     const GlobalOptions& global) {
  Output output(global.attention);
  const std::vector<churn::FeatureColumn> columns = churn::feature_columns(model.pipeline);
  const preprocessing::EncodedRows rows =
      drawn_rows(read_further(options.data, model, options.delimiter).features, kMostAttentionRows,
                 global.seed)
          .features;
  const churn::AttentionRollout rollout =
      churn::attention_rollout(churn::schema_of(model.pipeline), model.config.model, model.weights,
                               columns, rows, options.threads);
  std::vector<std::size_t> order(columns.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](std::size_t column) { return rollout.columns[column]; });
  std::string text;
  preprocessing::append_csv_record(text, std::array<std::string, 2>{"column", "attention_share"});
  for (const std::size_t column : order) {
    preprocessing::append_csv_record(
        text,
        std::array<std::string, 2>{columns[column].name, six_digits(rollout.columns[column])});
  }
  preprocessing::append_csv_record(
      text, std::array<std::string, 2>{"(class token itself)", six_digits(rollout.class_token)});
  output.write(text);
  output.commit();
}

}  // namespace ebb::program

#include "apps/churn/model/column_importance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "apps/churn/model/feature_columns.h"
#include "apps/churn/model/logistic_regression.h"
#include "kernels/common/context.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/split/random_order.h"
#include "preprocessing/split/split.h"

namespace ebb::churn {
namespace {

using preprocessing::EncodedRows;
using preprocessing::FittedRows;
using preprocessing::Fold;
using preprocessing::ImportanceSample;

constexpr std::size_t kDeals = 5;

/// Some features of encoded rows, as a model takes them.
struct FeatureSubset {
  InputSchema schema;
  EncodedRows rows;
  std::vector<FeatureColumn> columns;  // places within the subset
};

template <class T>
std::vector<T> take_columns(const std::vector<T>& values, std::size_t rows, std::size_t width,
                            const std::vector<std::size_t>& places) {
  std::vector<T> taken;
  taken.reserve(rows * places.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (const std::size_t place : places) taken.push_back(values[row * width + place]);
  }
  return taken;
}

/// What a column adds to the logit of each of `rows`.
std::vector<double> contributions_of(const FeatureColumn& column, const FeatureSubset& subset,
                                     const LogisticRegression& model,
                                     std::span<const std::size_t> rows) {
  std::vector<double> added(rows.size(), 0.0);
  const EncodedRows& all = subset.rows;
  for (const std::size_t place : column.numbers) {
    const double weight = model.number_weights()[place];
    for (std::size_t i = 0; i < rows.size(); ++i)
      added[i] += weight * static_cast<double>(all.numbers[rows[i] * all.number_count + place]);
  }
  if (!column.category) return added;
  std::size_t first = 1;  // after the bias
  for (std::size_t i = 0; i < *column.category; ++i)
    first += static_cast<std::size_t>(subset.schema.cardinalities[i]);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int32_t code = all.codes[rows[i] * all.category_count + *column.category];
    added[i] += static_cast<double>(model.level_weights()[first + static_cast<std::size_t>(code)]);
  }
  return added;
}

double log_loss(double logit, float label) {
  const double of_negative = std::max(logit, 0.0) + std::log1p(std::exp(-std::abs(logit)));
  return of_negative - static_cast<double>(label) * logit;
}

/// By how much the summed log-loss of `rows` rises, for each column, on average over the deals.
std::vector<double> rises(const FeatureSubset& subset, const LogisticRegression& model,
                          std::span<const float> labels, std::span<const std::size_t> rows,
                          preprocessing::SplitMix64& generator) {
  std::vector<std::vector<double>> added(subset.columns.size());
  std::vector<double> logits(rows.size(), static_cast<double>(model.level_weights().front()));
  for (std::size_t i = 0; i < added.size(); ++i) {
    added[i] = contributions_of(subset.columns[i], subset, model, rows);
    std::ranges::transform(logits, added[i], logits.begin(), std::plus<>());
  }
  std::vector<std::vector<std::size_t>> deals(kDeals, std::vector<std::size_t>(rows.size()));
  for (std::vector<std::size_t>& deal : deals) {
    std::iota(deal.begin(), deal.end(), std::size_t{0});
    preprocessing::shuffle(std::span(deal), generator);
  }
  std::vector<double> rise(added.size(), 0.0);
  preprocessing::parallel_for(added.size(), rows.size() * kDeals, [&](std::size_t column) {
    const std::vector<double>& own = added[column];
    for (const std::vector<std::size_t>& deal : deals) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const float label = labels[rows[i]];
        const double dealt = logits[i] - own[i] + own[deal[i]];
        rise[column] += (log_loss(dealt, label) - log_loss(logits[i], label)) / kDeals;
      }
    }
  });
  return rise;
}

class LogisticImportance {
 public:
  LogisticImportance(const ImportanceSample& sample, std::uint64_t seed,
                     std::function<void()> before_fit)
      : fitted_(preprocessing::Pipeline::fit_transform(sample.rows, {})),
        labels_(sample.labels),
        folds_{preprocessing::fold_rows(sample.folds, 0),
               preprocessing::fold_rows(sample.folds, 1)},
        seed_(seed),
        before_fit_(std::move(before_fit)) {
    for (FeatureColumn& column : feature_columns(fitted_.pipeline)) {
      columns_.emplace(column.name, std::move(column));
    }
  }

  std::vector<double> of(std::span<const std::string> names) const {
    std::vector<double> importances(names.size(), 0.0);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!columns_.contains(names[i])) importances[i] = std::numeric_limits<double>::quiet_NaN();
    }
    const FeatureSubset subset = take(names);
    if (subset.rows.number_count + subset.rows.category_count == 0) return importances;
    Context context;
    preprocessing::SplitMix64 generator(seed_);
    for (const auto& [learned, measured] : folds_) {
      if (before_fit_) before_fit_();
      LogisticRegression model(subset.schema);
      std::vector<float> labels;
      for (const std::size_t row : learned) labels.push_back(labels_[row]);
      model.fit(context, make_batch(subset.schema, subset.rows, learned), labels);
      const std::vector<double> rise = rises(subset, model, labels_, measured, generator);
      for (std::size_t i = 0; i < rise.size(); ++i)
        importances[i] += rise[i] / static_cast<double>(labels_.size());
    }
    return importances;
  }

 private:
  FeatureSubset take(std::span<const std::string> names) const {
    const InputSchema schema = schema_of(fitted_.pipeline);
    FeatureSubset subset;
    std::vector<std::size_t> numbers;
    std::vector<std::size_t> categories;
    for (const std::string& name : names) {
      FeatureColumn& column = subset.columns.emplace_back();
      column.name = name;
      const auto found = columns_.find(name);
      if (found == columns_.end()) continue;
      for (const std::size_t place : found->second.numbers) {
        column.numbers.push_back(numbers.size());
        numbers.push_back(place);
        subset.schema.bin_edges.push_back(schema.bin_edges[place]);
      }
      if (const auto& place = found->second.category) {
        column.category = categories.size();
        categories.push_back(*place);
        subset.schema.cardinalities.push_back(schema.cardinalities[*place]);
      }
    }
    const EncodedRows& rows = fitted_.rows;
    subset.rows.rows = rows.rows;
    subset.rows.number_count = numbers.size();
    subset.rows.category_count = categories.size();
    subset.rows.numbers = take_columns(rows.numbers, rows.rows, rows.number_count, numbers);
    subset.rows.codes = take_columns(rows.codes, rows.rows, rows.category_count, categories);
    return subset;
  }

  FittedRows fitted_;
  std::vector<float> labels_;
  std::array<Fold, 2> folds_;
  std::uint64_t seed_;
  std::function<void()> before_fit_;
  std::map<std::string, FeatureColumn, std::less<>> columns_;
};

}  // namespace

preprocessing::ImportanceModel logistic_importance(std::uint64_t seed,
                                                   std::function<void()> before_fit) {
  return [seed, before_fit = std::move(before_fit)](const ImportanceSample& sample) {
    const auto model = std::make_shared<const LogisticImportance>(sample, seed, before_fit);
    return [model](std::span<const std::string> names) { return model->of(names); };
  };
}

}  // namespace ebb::churn

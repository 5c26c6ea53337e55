#include "apps/churn/explanation/shapley.h"

#include <bit>
#include <cmath>
#include <numeric>

#include "kernels/common/error.h"
#include "preprocessing/split/random_order.h"

namespace ebb::churn {

/// An order of columns and its reverse, both from a background row to a row of some target.
struct ShapleyExplainer::Walks {
  std::size_t from;
  std::size_t to;
  std::vector<std::size_t> order;  // of the columns in which the two rows differ
};

namespace {

using preprocessing::EncodedRows;
using preprocessing::SplitMix64;

// Rows on the way that the network is given at a time, about.
constexpr std::size_t kRowsAtOnce = 32768;
// The changes of a walk telescope, but for a customer that equals the background row it begins at:
// the two have their f32 log-odds from different batches, which may differ by some last places.
constexpr double kLargestGap = 16 * 0x1p-24;

// Of a row's values: equal rows have equal hashes.
std::uint64_t hash_of(const EncodedRows& rows, std::size_t row) {
  std::uint64_t hash = 0;
  const auto take = [&](std::uint32_t bits) { hash = SplitMix64(hash ^ bits).next(); };
  for (std::size_t i = 0; i < rows.number_count; ++i) {
    take(std::bit_cast<std::uint32_t>(rows.numbers[row * rows.number_count + i]));
  }
  for (std::size_t i = 0; i < rows.category_count; ++i) {
    take(static_cast<std::uint32_t>(rows.codes[row * rows.category_count + i]));
  }
  return hash;
}

std::vector<std::size_t> differing_columns(std::span<const FeatureColumn> columns,
                                           const EncodedRows& first, std::size_t first_row,
                                           const EncodedRows& second, std::size_t second_row) {
  std::vector<std::size_t> differing;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!equal_in(columns[i], first, first_row, second, second_row)) differing.push_back(i);
  }
  return differing;
}

std::vector<std::size_t> reversed(const std::vector<std::size_t>& order) {
  return {order.rbegin(), order.rend()};
}

void require_finite(std::span<const float> logits) {
  for (const float logit : logits) {
    if (!std::isfinite(logit)) {
      fail<DataError>("the log-odds of a customer are {}: the weights are too large", logit);
    }
  }
}

}  // namespace

ShapleyExplainer::ShapleyExplainer(LogitFunction logits, std::vector<FeatureColumn> columns,
                                   EncodedRows background, ShapleyOptions options)
    : logits_(std::move(logits)),
      columns_(std::move(columns)),
      background_(std::move(background)),
      options_(std::move(options)) {
  if (options_.pairs < 2 || background_.rows < 2) {
    fail("Shapley values: {} pairs of walks and {} background rows, expected two of each at least",
         options_.pairs, background_.rows);
  }
  background_logits_ = logits_(background_);
  require_finite(background_logits_);
  base_ = std::accumulate(background_logits_.begin(), background_logits_.end(), 0.0) /
          static_cast<double>(background_.rows);
  explain_background();
}

std::vector<double> ShapleyExplainer::contributions(std::span<const Walks> walks,
                                                    const EncodedRows& targets,
                                                    std::span<const float> target_logits) const {
  if (options_.between) options_.between();
  std::size_t steps = 0;
  for (const Walks& pair : walks) steps += pair.order.empty() ? 0 : 2 * (pair.order.size() - 1);
  EncodedRows on_the_way = rows_like(background_, steps);
  std::size_t step = 0;
  const auto walk = [&](const Walks& pair, const std::vector<std::size_t>& order) {
    for (std::size_t i = 0; i + 1 < order.size(); ++i, ++step) {
      if (i == 0) {
        copy_row(background_, pair.from, on_the_way, step);
      } else {
        copy_row(on_the_way, step - 1, on_the_way, step);
      }
      copy_column(columns_[order[i]], targets, pair.to, on_the_way, step);
    }
  };
  for (const Walks& pair : walks) {
    walk(pair, pair.order);
    walk(pair, reversed(pair.order));
  }
  const std::vector<float> logits = logits_(on_the_way);
  require_finite(logits);

  std::vector<double> changes(walks.size() * columns_.size(), 0.0);
  step = 0;
  for (std::size_t i = 0; i < walks.size(); ++i) {
    const auto add = [&](const std::vector<std::size_t>& order) {
      double before = background_logits_[walks[i].from];
      for (std::size_t k = 0; k < order.size(); ++k) {
        const double after = k + 1 < order.size() ? logits[step++] : target_logits[walks[i].to];
        changes[i * columns_.size() + order[k]] += 0.5 * (after - before);
        before = after;
      }
    };
    add(walks[i].order);
    add(reversed(walks[i].order));
  }
  return changes;
}

void ShapleyExplainer::explain_background() {
  const std::size_t count = background_.rows;
  const std::size_t width = columns_.size();
  background_values_.assign(count * width, 0.0);
  SplitMix64 generator(options_.seed);
  for (std::size_t to = 1; to < count; ++to) {
    std::vector<Walks> walks;
    for (std::size_t from = 0; from < to; ++from) {
      Walks& pair = walks.emplace_back(
          Walks{from, to, differing_columns(columns_, background_, from, background_, to)});
      preprocessing::shuffle(std::span(pair.order), generator);
    }
    const std::vector<double> changes = contributions(walks, background_, background_logits_);
    // A walk backwards has the opposite changes.
    for (std::size_t from = 0; from < to; ++from) {
      for (std::size_t i = 0; i < width; ++i) {
        const double change = changes[from * width + i] / static_cast<double>(count);
        background_values_[to * width + i] += change;
        background_values_[from * width + i] -= change;
      }
    }
  }
}

void ShapleyExplainer::draw_walks(const EncodedRows& rows, std::size_t row,
                                  std::vector<Walks>& walks) const {
  SplitMix64 generator(options_.seed, hash_of(rows, row));
  std::vector<std::size_t> starts(background_.rows);
  std::iota(starts.begin(), starts.end(), std::size_t{0});
  for (std::size_t pair = 0; pair < options_.pairs; ++pair) {
    // Different ones as long as there are some.
    const std::size_t i = pair % starts.size();
    std::swap(starts[i], starts[i + generator.below(starts.size() - i)]);
    Walks& drawn = walks.emplace_back(
        Walks{starts[i], row, differing_columns(columns_, background_, starts[i], rows, row)});
    preprocessing::shuffle(std::span(drawn.order), generator);
  }
}

Attributions ShapleyExplainer::explain(const EncodedRows& rows) const {
  const std::size_t width = columns_.size();
  const std::size_t pairs = options_.pairs;
  Attributions found{.rows = rows.rows,
                     .columns = width,
                     .base = base_,
                     .logits = logits_(rows),
                     .values = std::vector<double>(rows.rows * width, 0.0),
                     .errors = std::vector<double>(rows.rows * width, 0.0)};
  require_finite(found.logits);
  const std::size_t rows_at_once = std::max<std::size_t>(1, kRowsAtOnce / (2 * pairs * width));
  for (std::size_t begin = 0; begin < rows.rows; begin += rows_at_once) {
    const std::size_t end = std::min(rows.rows, begin + rows_at_once);
    std::vector<Walks> walks;
    for (std::size_t row = begin; row < end; ++row) draw_walks(rows, row, walks);
    std::vector<double> changes = contributions(walks, rows, found.logits);
    for (std::size_t row = begin; row < end; ++row) {
      for (std::size_t i = 0; i < width; ++i) {
        double sum = 0.0;
        double squares = 0.0;
        const auto value_of = [&](std::size_t pair) {
          const std::size_t walk = (row - begin) * pairs + pair;
          return changes[walk * width + i] + background_values_[walks[walk].from * width + i];
        };
        for (std::size_t pair = 0; pair < pairs; ++pair) sum += value_of(pair);
        const double mean = sum / static_cast<double>(pairs);
        for (std::size_t pair = 0; pair < pairs; ++pair) {
          squares += (value_of(pair) - mean) * (value_of(pair) - mean);
        }
        found.values[row * width + i] = mean;
        found.errors[row * width + i] =
            std::sqrt(squares / static_cast<double>(pairs * (pairs - 1)));
      }
    }
  }
  measure_gap(found);
  double scale = 1.0;
  for (const float logit : found.logits) scale = std::max(scale, std::abs(double{logit}));
  if (found.largest_gap > kLargestGap * scale) {
    fail("Shapley values: they miss a prediction by {}, expected their sum", found.largest_gap);
  }
  return found;
}

}  // namespace ebb::churn

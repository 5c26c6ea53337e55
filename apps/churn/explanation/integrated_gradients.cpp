#include "apps/churn/explanation/integrated_gradients.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "apps/churn/training/weights.h"
#include "engine/operations/reduce.h"
#include "engine/training/lanes.h"

namespace ebb::churn {
namespace {

// Rows between two calls of options.between.
constexpr std::size_t kRowsBetween = 2048;

// base + share * (tokens - base) of each row, base [tokens, dim].
Tensor on_the_way(const Tensor& base, const Tensor& tokens, double share) {
  Tensor way = Tensor::empty(tokens.shape());
  const std::span<const float> from = base.values<float>();
  const std::span<const float> to = tokens.values<float>();
  const std::span<float> between = way.values<float>();
  const auto factor = static_cast<float>(share);
  for (std::size_t i = 0; i < between.size(); ++i) {
    const float start = from[i % from.size()];
    between[i] = start + factor * (to[i] - start);
  }
  return way;
}

}  // namespace

std::vector<QuadratureNode> gauss_legendre(std::size_t count) {
  std::vector<QuadratureNode> nodes(count);
  const auto degree = static_cast<double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    double x = std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (degree + 0.5));
    double slope = 1.0;
    // Newton's method doubles the digits of a start that has two of them.
    for (int round = 0; round < 8; ++round) {
      double polynomial = 1.0;
      double before = 0.0;
      for (std::size_t k = 1; k <= count; ++k) {
        const auto order = static_cast<double>(k);
        before = std::exchange(
            polynomial, ((2.0 * order - 1.0) * x * polynomial - (order - 1.0) * before) / order);
      }
      slope = degree * (x * polynomial - before) / (x * x - 1.0);
      x -= polynomial / slope;
    }
    nodes[i] = {0.5 * (1.0 - x), 1.0 / ((1.0 - x * x) * slope * slope)};
  }
  return nodes;
}

struct IntegratedGradients::State {
  /// Sets `base` to the mean tokens of the rows, and base_logit to their log-odds.
  void set_base(const preprocessing::EncodedRows& background);
  /// Of the rows `places` of all that are explained.
  void explain(const Pass& pass, const Batch& batch, std::span<const QuadratureNode> nodes,
               std::span<const std::size_t> places, Attributions& found) const;
  /// Calls `run` with each shard of the rows `places`.
  void for_each_shard(
      const preprocessing::EncodedRows& rows, std::span<const std::size_t> places,
      const std::function<void(const Pass&, const Batch&, std::span<const std::size_t>)>& run);

  InputSchema schema;
  std::vector<FeatureColumn> columns;
  IntegratedGradientsOptions options;
  Network network;
  Lanes lanes;
  Tensor base;  // [tokens, dim]
  double base_logit = 0.0;
};

IntegratedGradients::IntegratedGradients(const InputSchema& schema, const ModelConfig& config,
                                         const std::map<std::string, Tensor>& weights,
                                         std::vector<FeatureColumn> columns,
                                         const preprocessing::EncodedRows& background,
                                         IntegratedGradientsOptions options)
    : state_(new State{.schema = schema,
                       .columns = std::move(columns),
                       .options = options,
                       .network = Network(schema, config, 0),
                       .lanes = Lanes(Device{}, options.threads, nullptr),
                       .base = {}}) {
  if (options.steps == 0 || background.rows == 0) {
    fail("integrated gradients: {} steps from {} background rows, expected one of each at least",
         options.steps, background.rows);
  }
  assign_weights(state_->network.parameters, weights);
  state_->set_base(background);
}

IntegratedGradients::~IntegratedGradients() = default;

void IntegratedGradients::State::set_base(const preprocessing::EncodedRows& background) {
  const Pass pass{.context = lanes.team()};
  const Tensor tokens = network.model.embed(pass, make_batch(schema, background));
  base = mean(pass, tokens, 0);
  base_logit =
      network.model.forward_tokens(pass, base.reshape({1, base.extent(0), base.extent(1)})).item();
}

void IntegratedGradients::State::explain(const Pass& pass, const Batch& batch,
                                         std::span<const QuadratureNode> nodes,
                                         std::span<const std::size_t> places,
                                         Attributions& found) const {
  const Tensor tokens = network.model.embed(pass, batch);
  std::vector<double> slopes(static_cast<std::size_t>(tokens.elements()), 0.0);
  Tape tape(pass.context);
  Pass recorded = pass;
  recorded.tape = &tape;
  for (const QuadratureNode& node : nodes) {
    const Tensor place = tape.watch(on_the_way(base, tokens, node.place));
    tape.backward(sum(recorded, network.model.forward_tokens(recorded, place)));
    const std::span<const float> gradient = tape.gradient(place).values<float>();
    for (std::size_t i = 0; i < slopes.size(); ++i) {
      slopes[i] += node.weight * static_cast<double>(gradient[i]);
    }
    tape.clear();
  }

  const auto dim = static_cast<std::size_t>(tokens.extent(2));
  const auto width = static_cast<std::size_t>(tokens.extent(1));
  const std::span<const float> to = tokens.values<float>();
  const std::span<const float> from = base.values<float>();
  for (std::size_t row = 0; row < places.size(); ++row) {
    const std::size_t place = places[row];
    const auto token_value = [&](std::size_t token) {
      double value = 0.0;
      for (std::size_t i = token * dim; i < (token + 1) * dim; ++i) {
        const std::size_t element = row * width * dim + i;
        value +=
            slopes[element] * (static_cast<double>(to[element]) - static_cast<double>(from[i]));
      }
      return value;
    };
    for (std::size_t i = 0; i < columns.size(); ++i) {
      double& value = found.values[place * columns.size() + i];
      value = 0.0;
      for (const std::size_t token : tokens_of(columns[i], schema)) value += token_value(token);
    }
  }
}

void IntegratedGradients::State::for_each_shard(
    const preprocessing::EncodedRows& rows, std::span<const std::size_t> places,
    const std::function<void(const Pass&, const Batch&, std::span<const std::size_t>)>& run) {
  for (std::size_t begin = 0; begin < places.size(); begin += kRowsBetween) {
    if (options.between) options.between();
    const auto part = places.subspan(begin, std::min(kRowsBetween, places.size() - begin));
    const ShardPlan plan =
        Lanes::plan(static_cast<std::int64_t>(part.size()), rows_per_shard(schema.tokens()));
    lanes.for_each_shard(plan, PassSettings{}, [&](const Pass& pass, RowRange range) {
      const auto shard = part.subspan(static_cast<std::size_t>(range.begin),
                                      static_cast<std::size_t>(range.count));
      run(pass, make_batch(schema, rows, shard), shard);
    });
  }
}

Attributions IntegratedGradients::explain(const preprocessing::EncodedRows& rows) {
  State& state = *state_;
  const IntegratedGradientsOptions& options = state.options;
  Attributions found{.rows = rows.rows,
                     .columns = state.columns.size(),
                     .base = state.base_logit,
                     .logits = std::vector<float>(rows.rows),
                     .values = std::vector<double>(rows.rows * state.columns.size(), 0.0),
                     .errors = {}};
  std::vector<std::size_t> places(rows.rows);
  std::iota(places.begin(), places.end(), std::size_t{0});
  state.for_each_shard(rows, places, [&](const Pass& pass, const Batch& batch, auto shard) {
    const Tensor logits = state.network.model.forward(pass, batch);
    for (std::size_t i = 0; i < shard.size(); ++i) {
      found.logits[shard[i]] = logits.values<float>()[i];
    }
  });
  for (std::size_t steps = options.steps; !places.empty(); steps *= 2) {
    const std::vector<QuadratureNode> nodes = gauss_legendre(steps);
    state.for_each_shard(rows, places, [&](const Pass& pass, const Batch& batch, auto shard) {
      state.explain(pass, batch, nodes, shard, found);
    });
    std::erase_if(places, [&](std::size_t row) { return gap_of(found, row) <= options.tolerance; });
    if (2 * steps > options.most_steps) break;
  }
  measure_gap(found);
  return found;
}

}  // namespace ebb::churn

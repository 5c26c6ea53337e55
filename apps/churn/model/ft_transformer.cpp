#include "apps/churn/model/ft_transformer.h"

#include <cmath>

#include "apps/churn/model/member_heads.h"
#include "apps/churn/model/number_tokens.h"
#include "engine/operations/reduce.h"
#include "engine/operations/views.h"

namespace ebb::churn {
namespace {

// Tokens whose activations (some 5 KiB each at a width of 64) fill a second-level cache of 1 MiB.
constexpr std::int64_t kTokensPerShard = 256;
// More columns than customer tables have; training on one row of so many costs about 7 GFLOP.
constexpr std::int64_t kMostTokens = 2049;

TransformerOptions encoder_options(const ModelConfig& config) {
  return {.dim = config.dim,
          .heads = config.heads,
          .feed_forward = config.feed_forward,
          .activation = config.activation,
          .attention_dropout = config.attention_dropout,
          .activation_dropout = config.activation_dropout,
          .residual_dropout = config.residual_dropout,
          .pre_norm = config.pre_norm};
}

Initializer token_initializer(const ModelConfig& config) {
  return {Initializer::Kind::uniform, 1.0 / std::sqrt(static_cast<double>(config.dim))};
}

std::unique_ptr<Module> make_head(const Scope& scope, const ModelConfig& config) {
  if (config.members > 1) return std::make_unique<MemberHeads>(scope, config);
  return std::make_unique<Linear>(scope, config.dim, 1);
}

}  // namespace

FTTransformer::FTTransformer(const Scope& scope, const InputSchema& schema,
                             const ModelConfig& config)
    : token_table_(scope.child("token_table"), schema.token_rows(), config.dim,
                   token_initializer(config)),
      encoder_(scope.child("encoder"), config.layers, encoder_options(config)),
      head_(make_head(scope.child("head"), config)),
      is_ensemble_(config.members > 1) {
  if (schema.tokens() == 1) fail<DataError>("the table has no feature columns to learn from");
  if (schema.tokens() > kMostTokens) {
    fail<DataError>(
        "the table has {} features, expected at most {}: the time of a step grows with their "
        "square, so leave out the columns that say least, with --drop-columns or as drop_columns "
        "in [data]",
        schema.tokens() - 1, kMostTokens - 1);
  }
  if (schema.number_count() > 0) {
    number_tokens_ = std::make_unique<NumberTokens>(scope.child("number_tokens"), schema, config);
  }
}

FTTransformer::~FTTransformer() = default;

Tensor FTTransformer::forward(const Pass& pass, const Batch& batch) const {
  return forward_tokens(pass, embed(pass, batch));
}

Tensor FTTransformer::embed(const Pass& pass, const Batch& batch) const {
  const Tensor tokens = token_table_.forward(pass, batch.token_rows);
  if (number_tokens_ == nullptr) return tokens;
  const Tensor parts[] = {tokens, number_tokens_->forward(pass, batch.numbers)};
  return concat(pass, parts, 1);
}

Tensor FTTransformer::class_tokens(const Pass& pass, const Tensor& tokens) const {
  const Tensor first = encoder_.forward_first(pass, tokens, 1);
  return reshape(pass, first, {tokens.extent(0), tokens.extent(2)});
}

Tensor FTTransformer::member_logits(const Pass& pass, const Batch& batch) const {
  return head_->forward(pass, class_tokens(pass, embed(pass, batch)));
}

Tensor FTTransformer::forward_tokens(const Pass& pass, const Tensor& tokens) const {
  const Tensor logits = head_->forward(pass, class_tokens(pass, tokens));
  if (!is_ensemble_) return logits;
  return reshape(pass, mean(pass, logits, 1), {tokens.extent(0), 1});
}

std::vector<Tensor> FTTransformer::attention_probabilities(const Pass& pass,
                                                           const Batch& batch) const {
  return encoder_.attention_probabilities(pass, embed(pass, batch));
}

Network::Network(const InputSchema& schema, const ModelConfig& config, std::uint64_t seed,
                 DType dtype, Device device)
    : parameters(dtype, device), model(Scope(parameters), schema, config) {
  parameters.initialize(seed);
}

std::int64_t rows_per_shard(std::int64_t tokens) {
  return std::max<std::int64_t>(1, kTokensPerShard / tokens);
}

double forward_flops_per_row(const InputSchema& schema, const ModelConfig& config) {
  const auto tokens = static_cast<double>(schema.tokens());
  const auto dim = static_cast<double>(config.dim);
  const double weights = 4 * dim * dim + 2 * dim * static_cast<double>(config.feed_forward);
  const double heads = config.members > 1 ? 2 * static_cast<double>(config.members) * (dim + 1) *
                                                static_cast<double>(config.feed_forward)
                                          : 0.0;
  return static_cast<double>(config.layers) * (2 * tokens * weights + 4 * tokens * tokens * dim) +
         heads;
}

}  // namespace ebb::churn

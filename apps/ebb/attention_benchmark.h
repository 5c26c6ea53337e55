// The time of attention alone, in one direction, on random data.
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "apps/ebb/repetition.h"

namespace ebb::program {

/// Query, key and value are [batch, heads, tokens, head_dim], dense.
struct AttentionShape {
  std::int64_t batch = 32;
  std::int64_t heads = 4;
  std::int64_t tokens = 20;
  std::int64_t head_dim = 16;  // at most kernels::kMaxHeadDim
  bool backward = false;       // the gradients of all three, else the output
  double dropout = 0.0;        // of the probabilities
  bool causal = false;
};

/// 4 B H S D operations forward, 2.5 times that backward (it has five products to the forward
/// direction's two), with S = T^2 scores, or T (T + 1) / 2 where causality hides the others.
double attention_flops(const AttentionShape& shape);

/// Repeats one direction, with what training needs of it: the forward one keeps the log-sum-exp.
Repetition time_attention(const AttentionShape& shape, const Effort& effort);

void print(const AttentionShape& shape, const Repetition& times);
nlohmann::ordered_json to_json(const AttentionShape& shape, const Repetition& times);

}  // namespace ebb::program

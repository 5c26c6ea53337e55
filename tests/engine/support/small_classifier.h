// A small Transformer classifier with every dropout on, and a batch for it.
#pragma once

#include "engine/modules/transformer_encoder.h"
#include "engine/operations/losses.h"
#include "engine/operations/views.h"
#include "engine/training/gradient_step.h"
#include "tests/engine/support/tensors.h"

namespace ebb::testing {

struct SmallClassifier {
  static constexpr std::int64_t kDim = 16;
  static constexpr std::int64_t kLength = 5;

  explicit SmallClassifier(DType dtype, Device device = {})
      : parameters(dtype, device),
        encoder(Scope(parameters).child("encoder"), 2,
                {.dim = kDim, .heads = 2, .feed_forward = 32}),
        head(Scope(parameters).child("head"), kDim, 1) {
    parameters.initialize(1);
  }

  /// One logit per row, [rows, 1], read off the first token.
  Tensor forward(const Pass& pass, const Tensor& input) const {
    const Tensor mixed = encoder.forward(pass, input);
    const Tensor first = contiguous(pass, slice(pass, mixed, 1, 0, 1));
    return head.forward(pass, reshape(pass, first, {input.extent(0), kDim}));
  }

  ParameterSet parameters;
  TransformerEncoder encoder;
  Linear head;
};

struct SmallBatch {
  SmallBatch(std::int64_t count, DType dtype, Device device = {})
      : rows(count),
        input(random_tensor({count, SmallClassifier::kLength, SmallClassifier::kDim}, 11, dtype)),
        targets(Tensor::empty({count}, dtype)) {
    for (std::int64_t i = 0; i < count; ++i) {
      const double target = i % 3 == 0 ? 1.0 : 0.0;
      if (dtype == DType::f64) {
        targets.data<double>()[i] = target;
      } else {
        targets.data<float>()[i] = static_cast<float>(target);
      }
    }
    input = input.to(device);
    targets = targets.to(device);
  }

  /// The share of the batch's loss that one shard has.
  Tensor loss(const SmallClassifier& model, const Pass& pass, RowRange range) const {
    const Tensor logits = model.forward(pass, input.slice(0, range.begin, range.count));
    return binary_cross_entropy(pass, logits, targets.slice(0, range.begin, range.count),
                                {.normalizer = static_cast<double>(rows)});
  }

  std::int64_t rows;
  Tensor input;
  Tensor targets;
};

}  // namespace ebb::testing

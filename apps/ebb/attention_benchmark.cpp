#include "apps/ebb/attention_benchmark.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "kernels/attention/attention.h"

namespace ebb::program {
namespace {

/// The operands of both directions, with the forward one done.
class AttentionCall {
 public:
  AttentionCall(const AttentionShape& shape, const Effort& effort)
      : context_(effort.device, effort.threads),
        extents_{shape.batch, shape.heads, shape.tokens, shape.head_dim} {
    inputs_ = {.query = query_.view(),
               .key = key_.view(),
               .value = value_.view(),
               .causal = shape.causal,
               .dropout = {.probability = static_cast<float>(shape.dropout)}};
    forward();
  }

  void forward() {
    kernels::AttentionForward p{inputs_};
    p.output = output_.view();
    p.log_sum_exp = log_sum_exp_.view();
    kernels::attention(context_, p);
  }

  void backward() {
    kernels::AttentionBackward p{inputs_};
    p.output = output_.view();
    p.log_sum_exp = log_sum_exp_.view();
    p.grad_output = grad_output_.view();
    p.grad_query = grad_query_.view();
    p.grad_key = grad_key_.view();
    p.grad_value = grad_value_.view();
    kernels::attention_backward(context_, p);
  }

 private:
  Tensor random(std::uint64_t seed) const {
    return random_tensor(extents_, seed, context_.device());
  }
  Tensor empty(const Shape& shape) const {
    return Tensor::empty(shape, DType::f32, context_.device());
  }

  Context context_;
  Shape extents_;
  Tensor query_ = random(1);
  Tensor key_ = random(2);
  Tensor value_ = random(3);
  Tensor grad_output_ = random(4);
  Tensor output_ = empty(extents_);
  Tensor log_sum_exp_ = empty({extents_[0], extents_[1], extents_[2]});
  Tensor grad_query_ = empty(extents_);
  Tensor grad_key_ = empty(extents_);
  Tensor grad_value_ = empty(extents_);
  kernels::AttentionInputs inputs_;
};

const char* direction(const AttentionShape& shape) {
  return shape.backward ? "backward" : "forward";
}

}  // namespace

double attention_flops(const AttentionShape& shape) {
  const auto tokens = static_cast<double>(shape.tokens);
  const double scores = shape.causal ? tokens * (tokens + 1) / 2 : tokens * tokens;
  return (shape.backward ? 10.0 : 4.0) * scores *
         static_cast<double>(shape.batch * shape.heads * shape.head_dim);
}

Repetition time_attention(const AttentionShape& shape, const Effort& effort) {
  AttentionCall call(shape, effort);
  return repeat(effort, attention_flops(shape),
                [&] { shape.backward ? call.backward() : call.forward(); });
}

void print(const AttentionShape& shape, const Repetition& times) {
  fmt::print("attention alone, {}, dropout {}{}, on random data\n", direction(shape), shape.dropout,
             shape.causal ? ", causal" : "");
  fmt::print("shape            batch {}, heads {}, tokens {}, head dim {}\n", shape.batch,
             shape.heads, shape.tokens, shape.head_dim);
  print_times(times);
  print_speed(times);
}

nlohmann::ordered_json to_json(const AttentionShape& shape, const Repetition& times) {
  nlohmann::ordered_json json = to_json(times);
  json.update({{"flops_per_call", times.flops},
               {"batch", shape.batch},
               {"heads", shape.heads},
               {"tokens", shape.tokens},
               {"head_dim", shape.head_dim},
               {"direction", direction(shape)},
               {"causal", shape.causal},
               {"dropout", shape.dropout}});
  return json;
}

}  // namespace ebb::program

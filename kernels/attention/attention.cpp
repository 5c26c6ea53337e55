#include "kernels/attention/attention.h"

#include "kernels/attention/attention_backends.h"
#include "kernels/common/check.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"

namespace ebb::kernels {
namespace {

/// Checks that know attention's strides: any, with a last dimension without gaps.
class AttentionCheck {
 public:
  AttentionCheck(std::string_view operation, DType dtype)
      : operation_(operation), check_(operation), dtype_(dtype) {}

  template <class Pointer>
  void rows(std::string_view name, const BasicView<Pointer>& view, const Shape& shape,
            std::string_view why) const {
    check_.shape(name, view, shape, why);
    check_.dtype(name, view, dtype_);
    if (shape[-1] <= 1 || view.strides[-1] == 1) return;
    fail("{}: {} {} with strides {} has gaps in its last dimension; copy it first", operation_,
         name, to_string(shape), to_string(view.strides));
  }

  void dense(std::string_view name, const ConstView& view, DType dtype, const Shape& shape,
             std::string_view why) const {
    check_.dense(name, view, dtype, shape, why);
  }

  /// Shapes, dtypes and strides of what both directions read.
  void inputs(const AttentionInputs& p) const {
    for (const auto& [name, view] : {std::pair{"query", &p.query}, std::pair{"key", &p.key}}) {
      if (view->shape.rank() == 4) continue;
      fail("{}: {} is {}, expected [batch, heads, tokens, head_dim]", operation_, name,
           to_string(view->shape));
    }
    const Shape& query = p.query.shape;
    const std::int64_t keys = p.key.shape[2];
    rows("query", p.query, query, "");
    rows("key", p.key, {query[0], query[1], keys, query[3]},
         "batch, heads and head_dim of query, its own keys");
    rows("value", p.value, p.key.shape, "as key");
    if (p.key_padding_mask.present()) {
      dense("key_padding_mask", p.key_padding_mask, DType::u8, {query[0], keys}, "[batch, keys]");
    }
    if (p.bias.present()) bias(p);
    if (!(p.scale >= 0.0)) fail("{}: scale is {}, expected 0 or more", operation_, p.scale);
    check_.dropout(p.dropout);
  }

 private:
  void bias(const AttentionInputs& p) const {
    Shape expected{p.query.shape[0], p.query.shape[1], p.query.shape[2], p.key.shape[2]};
    if (p.bias.shape.rank() == 4) {
      for (const int i : {0, 1}) {
        if (p.bias.shape[i] == 1) expected[i] = 1;
      }
    }
    rows("bias", p.bias, expected, "[batch or 1, heads or 1, queries, keys]");
  }

  std::string_view operation_;
  OperandCheck check_;
  DType dtype_;
};

Shape rows_of(const AttentionInputs& p) {
  return {p.query.shape[0], p.query.shape[1], p.query.shape[2]};
}

void check(const AttentionForward& p) {
  const AttentionCheck check("attention", p.query.dtype);
  check.inputs(p);
  check.rows("output", p.output, p.query.shape, "as query");
  if (p.log_sum_exp.present()) {
    check.dense("log_sum_exp", p.log_sum_exp, accumulation_dtype(p.query.dtype), rows_of(p),
                "[batch, heads, queries]");
  }
}

void check(const AttentionBackward& p) {
  const AttentionCheck check("attention_backward", p.query.dtype);
  check.inputs(p);
  check.rows("output", p.output, p.query.shape, "as query");
  check.dense("log_sum_exp", p.log_sum_exp, accumulation_dtype(p.query.dtype), rows_of(p),
              "[batch, heads, queries]");
  check.rows("grad_output", p.grad_output, p.query.shape, "as query");
  check.rows("grad_query", p.grad_query, p.query.shape, "as query");
  check.rows("grad_key", p.grad_key, p.key.shape, "as key");
  check.rows("grad_value", p.grad_value, p.key.shape, "as key");
  if (!p.grad_bias.present()) return;
  if (!p.bias.present()) fail("attention_backward: grad_bias is given without a bias");
  check.rows("grad_bias", p.grad_bias, p.bias.shape, "as bias");
}

/// Of `flops_per_score` operations for each query, key and dimension of a head: two products are 4,
/// the five of the backward direction 10. As if no key were hidden.
OperationCost cost(const AttentionInputs& p, double flops_per_score) {
  const auto scores = static_cast<double>(p.query.shape.elements() * p.key.shape[2]);
  return {.flops = flops_per_score * scores,
          .shape = {p.query.shape[2], p.key.shape[2], p.query.shape[3]}};
}

/// Why the GPU cannot.
std::string unsupported_on_gpu(Device device, DType dtype, std::int64_t head_dim) {
  if (ebb::cuda::compute_capability(device) >= 80) return {};
  if (dtype != DType::f32) {
    return fmt::format("attention in {} needs tensor cores of compute capability 8.0",
                       name_of(dtype));
  }
  // Wider tiles need more shared memory than a block has there.
  constexpr std::int64_t kMostBefore80 = 64;
  if (head_dim > kMostBefore80) {
    return fmt::format("head_dim is {}, expected 1 to {} on a GPU of compute capability below 8.0",
                       head_dim, kMostBefore80);
  }
  return {};
}

/// Why operands of `dtype` are not multiplied in `precision`, which is not f32.
std::string unsupported_precision(Device device, DType dtype, Precision precision) {
  const std::string name(name_of(precision));
  if (precision == Precision::bf16) return name + " is a precision of linear layers alone";
  if (dtype != DType::f32)
    return fmt::format("{} is of f32 operands, not of {}", name, name_of(dtype));
  const std::string reason = tf32_unsupported(device);
  return reason.empty() ? reason : fmt::format("{} {}", name, reason);
}

void require_supported_operands(std::string_view operation, const Context& context,
                                const AttentionInputs& p) {
  require_supported(operation, attention_unsupported(context.device(), p.query.dtype,
                                                     p.query.shape[-1], p.precision));
}

}  // namespace

std::string attention_unsupported(Device device, DType dtype, std::int64_t head_dim,
                                  Precision precision) {
  std::string reason = storage_kernels_unsupported(device, dtype);
  if (!reason.empty()) return reason;
  if (head_dim < 1 || head_dim > kMaxHeadDim) {
    return fmt::format("head_dim is {}, expected 1 to {}", head_dim, kMaxHeadDim);
  }
  if (precision != Precision::f32) {
    reason = unsupported_precision(device, dtype, precision);
    if (!reason.empty()) return reason;
  }
  if constexpr (kBuiltWithCuda) {
    if (device.is_cuda()) return unsupported_on_gpu(device, dtype, head_dim);
  }
  return {};
}

void attention(Context& context, const AttentionForward& parameters) {
  check(parameters);
  require_supported_operands("attention", context, parameters);
  const ProfileScope scope(context, "attention", [&] { return cost(parameters, 4.0); });
  run_on_device<cpu::attention, cuda::attention>(context, parameters);
}

void attention_backward(Context& context, const AttentionBackward& parameters) {
  check(parameters);
  require_supported_operands("attention_backward", context, parameters);
  const ProfileScope scope(context, "attention_backward", [&] { return cost(parameters, 10.0); });
  run_on_device<cpu::attention_backward, cuda::attention_backward>(context, parameters);
}

}  // namespace ebb::kernels

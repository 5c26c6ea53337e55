#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding_backends.h"

namespace ebb::kernels {
namespace {

// `encoded` is what has the shape of the encoding.
template <class Encoded>
void check(std::string_view operation, const ConstView& input, const ConstView& edges,
           const ConstView& counts, std::string_view encoded_name, const Encoded& encoded) {
  const OperandCheck check(operation);
  if (input.shape.rank() != 2 || edges.shape.rank() != 2 || edges.shape[1] < 1) {
    fail("{}: input is {} and edges are {}, expected [rows, features] and [features, bins + 1]",
         operation, to_string(input.shape), to_string(edges.shape));
  }
  const std::int64_t features = input.shape[1];
  const std::int64_t most_bins = edges.shape[1] - 1;
  check.dense("input", input, input.dtype, input.shape, "[rows, features]");
  check.dense("edges", edges, input.dtype, {features, most_bins + 1}, "[features, bins + 1]");
  check.dense("counts", counts, DType::i32, {features}, "[features]");
  check.dense(encoded_name, encoded, input.dtype, {input.shape[0], features, most_bins + 2},
              "[rows, features, bins + 2]");
}

}  // namespace

std::string piecewise_linear_encoding_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void piecewise_linear_encoding(Context& context, const PiecewiseLinearEncodingForward& p) {
  constexpr std::string_view kName = "piecewise_linear_encoding";
  require_supported(kName, piecewise_linear_encoding_unsupported(context.device(), p.input.dtype));
  check(kName, p.input, p.edges, p.counts, "output", p.output);
  const ProfileScope scope(context, kName,
                           [&] { return cost_of_moving(p.input, p.edges, p.output); });
  run_on_device<cpu::piecewise_linear_encoding, cuda::piecewise_linear_encoding>(context, p);
}

void piecewise_linear_encoding_backward(Context& context,
                                        const PiecewiseLinearEncodingBackward& p) {
  constexpr std::string_view kName = "piecewise_linear_encoding_backward";
  require_supported(kName, piecewise_linear_encoding_unsupported(context.device(), p.input.dtype));
  check(kName, p.input, p.edges, p.counts, "grad_output", p.grad_output);
  OperandCheck(kName).dense("grad_input", p.grad_input, p.input.dtype, p.input.shape, "as input");
  const ProfileScope scope(context, kName, [&] {
    return cost_of_moving(p.input, p.edges, p.grad_output, p.grad_input);
  });
  run_on_device<cpu::piecewise_linear_encoding_backward, cuda::piecewise_linear_encoding_backward>(
      context, p);
}

}  // namespace ebb::kernels

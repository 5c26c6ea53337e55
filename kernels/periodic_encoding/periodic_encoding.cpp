#include "kernels/periodic_encoding/periodic_encoding.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/periodic_encoding/periodic_encoding_backends.h"

namespace ebb::kernels {
namespace {

constexpr std::string_view kEncoded = "[rows, features, 2k + 1]";

// Checks the inputs and gives the shape of the encoding.
Shape checked_shape(std::string_view operation, const ConstView& input,
                    const ConstView& frequencies) {
  const OperandCheck check(operation);
  if (input.shape.rank() != 2 || frequencies.shape.rank() != 2) {
    fail("{}: input is {} and frequencies are {}, expected [rows, features] and [features, k]",
         operation, to_string(input.shape), to_string(frequencies.shape));
  }
  const Shape expected{input.shape[1], frequencies.shape[1]};
  check.dense("input", input, input.dtype, input.shape, "[rows, features]");
  check.dense("frequencies", frequencies, input.dtype, expected, "[features, k]");
  return {input.shape[0], expected[0], 2 * expected[1] + 1};
}

}  // namespace

std::string periodic_encoding_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void periodic_encoding(Context& context, const PeriodicEncodingForward& p) {
  constexpr std::string_view kName = "periodic_encoding";
  require_supported(kName, periodic_encoding_unsupported(context.device(), p.input.dtype));
  const Shape encoded = checked_shape(kName, p.input, p.frequencies);
  OperandCheck(kName).dense("output", p.output, p.input.dtype, encoded, kEncoded);
  const ProfileScope scope(context, kName,
                           [&] { return cost_of_moving(p.input, p.frequencies, p.output); });
  run_on_device<cpu::periodic_encoding, cuda::periodic_encoding>(context, p);
}

void periodic_encoding_backward(Context& context, const PeriodicEncodingBackward& p) {
  constexpr std::string_view kName = "periodic_encoding_backward";
  const OperandCheck check(kName);
  const DType dtype = p.input.dtype;
  require_supported(kName, periodic_encoding_unsupported(context.device(), dtype));
  const Shape encoded = checked_shape(kName, p.input, p.frequencies);
  check.dense("output", p.output, dtype, encoded, kEncoded);
  check.dense("grad_output", p.grad_output, dtype, encoded, kEncoded);
  if (p.grad_input.present()) {
    check.dense("grad_input", p.grad_input, dtype, p.input.shape, "as input");
  }
  if (p.grad_frequencies.present()) {
    check.dense("grad_frequencies", p.grad_frequencies, dtype, p.frequencies.shape,
                "as frequencies");
  }
  const ProfileScope scope(context, kName, [&] {
    return cost_of_moving(p.input, p.frequencies, p.output, p.grad_output, p.grad_input,
                          p.grad_frequencies);
  });
  run_on_device<cpu::periodic_encoding_backward, cuda::periodic_encoding_backward>(context, p);
}

}  // namespace ebb::kernels

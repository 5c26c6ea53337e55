#include "kernels/elementwise/elementwise.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/elementwise/elementwise_backends.h"

namespace ebb::kernels {
namespace {

constexpr std::string_view kNames[] = {"add", "subtract", "multiply"};
constexpr std::string_view kLikeInput = "as input";

/// Whether `shape` is the last dimensions of `of`.
bool is_suffix(const Shape& shape, const Shape& of) {
  if (shape.rank() > of.rank()) return false;
  for (int i = 1; i <= shape.rank(); ++i) {
    if (shape[-i] != of[-i]) return false;
  }
  return true;
}

void check_pair(std::string_view operation, Device device, const ConstView& input,
                const View& output) {
  require_supported(operation, elementwise_unsupported(device, input.dtype));
  const OperandCheck check(operation);
  check.dense("input", input, input.dtype, input.shape, kLikeInput);
  check.dense("output", output, input.dtype, input.shape, kLikeInput);
}

}  // namespace

std::string elementwise_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void binary(Context& context, const Binary& p) {
  const std::string_view operation = kNames[static_cast<std::size_t>(p.operation)];
  require_supported(operation, elementwise_unsupported(context.device(), p.first.dtype));
  const OperandCheck check(operation);
  check.dense("first", p.first, p.first.dtype, p.first.shape, "as first");
  check.dense("second", p.second, p.first.dtype, p.second.shape, "as second");
  if (!is_suffix(p.second.shape, p.first.shape)) {
    fail("{}: second is {}, expected the shape of first, {}, or its last dimensions", operation,
         to_string(p.second.shape), to_string(p.first.shape));
  }
  check.dense("output", p.output, p.first.dtype, p.first.shape, "as first");
  const ProfileScope scope(context, operation,
                           [&] { return cost_of_moving(p.first, p.second, p.output); });
  run_on_device<cpu::binary, cuda::binary>(context, p);
}

void scale(Context& context, const Scale& p) {
  check_pair("scale", context.device(), p.input, p.output);
  const ProfileScope scope(context, "scale", [&] { return cost_of_moving(p.input, p.output); });
  run_on_device<cpu::scale, cuda::scale>(context, p);
}

void accumulate(Context& context, const Accumulate& p) {
  check_pair("accumulate", context.device(), p.input, p.output);
  const ProfileScope scope(context, "accumulate",
                           [&] { return cost_of_moving(p.input, p.output, p.output); });
  run_on_device<cpu::accumulate, cuda::accumulate>(context, p);
}

void fill(Context& context, const Fill& p) {
  const OperandCheck check("fill");
  check.dense("output", p.output, p.output.dtype, p.output.shape, "as output");
  const ProfileScope scope(context, "fill", [&] { return cost_of_moving(p.output); });
  run_on_device<cpu::fill, cuda::fill>(context, p);
}

void cast(Context& context, const Cast& p) {
  const OperandCheck check("cast");
  check.dense("input", p.input, p.input.dtype, p.input.shape, kLikeInput);
  check.dense("output", p.output, p.output.dtype, p.input.shape, kLikeInput);
  const ProfileScope scope(context, "cast", [&] { return cost_of_moving(p.input, p.output); });
  run_on_device<cpu::cast, cuda::cast>(context, p);
}

}  // namespace ebb::kernels

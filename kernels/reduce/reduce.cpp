#include "kernels/reduce/reduce.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/reduce/reduce_backends.h"

namespace ebb::kernels {
namespace {

/// The shape of the output: without the reduced dimension, or keeping it with extent 1.
Shape reduced_shape(const Reduce& p, bool keep) {
  if (!p.dimension) return keep ? Shape{1} : Shape{};
  const int reduced = *p.dimension < 0 ? *p.dimension + p.input.shape.rank() : *p.dimension;
  Shape shape;
  for (int i = 0; i < p.input.shape.rank(); ++i) {
    if (i != reduced) {
      shape.push_back(p.input.shape[i]);
    } else if (keep) {
      shape.push_back(1);
    }
  }
  return shape;
}

void check(const Reduce& p) {
  const OperandCheck check("reduce");
  const int rank = p.input.shape.rank();
  check.dense("input", p.input, p.input.dtype, p.input.shape, "as input");
  if (p.dimension && (*p.dimension < -rank || *p.dimension >= rank)) {
    fail("reduce: dimension {} of an input of shape {}, expected one from {} to {}", *p.dimension,
         to_string(p.input.shape), -rank, rank - 1);
  }
  const Shape kept = reduced_shape(p, true);
  const bool keeps = p.output.shape == kept;
  check.dense("output", p.output, p.input.dtype, keeps ? kept : reduced_shape(p, false),
              "input without the reduced dimension, or with extent 1 in its place");
}

OperationCost cost(const SumBuffers& p) {
  return {.bytes = bytes_of(p.output) * static_cast<double>(p.inputs.size() + 1)};
}

}  // namespace

std::string reduce_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void reduce(Context& context, const Reduce& parameters) {
  require_supported("reduce", reduce_unsupported(context.device(), parameters.input.dtype));
  check(parameters);
  const ProfileScope scope(context, "reduce",
                           [&] { return cost_of_moving(parameters.input, parameters.output); });
  run_on_device<cpu::reduce, cuda::reduce>(context, parameters);
}

void sum_buffers(Context& context, const SumBuffers& p) {
  require_supported("sum_buffers", reduce_unsupported(context.device(), p.output.dtype));
  const OperandCheck check("sum_buffers");
  check.dense("output", p.output, p.output.dtype, p.output.shape, "as output");
  if (p.inputs.empty()) fail("sum_buffers: there are no inputs, expected at least one");
  for (const ConstView& input : p.inputs) {
    check.dense("an input", input, p.output.dtype, p.output.shape, "as output");
  }
  const ProfileScope scope(context, "sum_buffers", [&] { return cost(p); });
  run_on_device<cpu::sum_buffers, cuda::sum_buffers>(context, p);
}

double sum_of_squares(Context& context, const ConstView& input) {
  if (context.device().is_cuda()) {
    fail<UnsupportedError>("sum_of_squares: it is the CPU's; a GPU has gradient_norm");
  }
  require_supported("sum_of_squares", reduce_unsupported(context.device(), input.dtype));
  OperandCheck("sum_of_squares").dense("input", input, input.dtype, input.shape, "as input");
  const ProfileScope scope(context, "sum_of_squares", [&] { return cost_of_moving(input); });
  return cpu::sum_of_squares(context, input);
}

}  // namespace ebb::kernels

// Operations that only move and add: elementwise, copy, reduce.
#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/copy/copy_reference.h"
#include "kernels/elementwise/elementwise_reference.h"
#include "kernels/reduce/reduce_reference.h"

namespace ebb::bench {
namespace {

KernelCase add_case(std::int64_t rows, std::int64_t columns) {
  return make_case<kernels::Binary>(
      "elementwise", "add", fmt::format("{}x{}", rows, columns), 0.0,
      kernels::elementwise_unsupported,
      [=](Operands& operands) {
        return kernels::Binary{kernels::BinaryOperation::add, operands.random({rows, columns}),
                               operands.random({rows, columns}), operands.result({rows, columns})};
      },
      kernels::binary, kernels::reference::binary<double>);
}

/// A dense tensor to memory of the same size, in which its dimensions have the strides `to`.
KernelCase copy_case(std::string direction, std::string shape, const Shape& extents,
                     const Shape& to) {
  return make_case<kernels::Copy>(
      "copy", std::move(direction), std::move(shape), 0.0,
      [](Device device, DType dtype) { return kernels::copy_unsupported(device, dtype, false); },
      [=](Operands& operands) {
        const View input = operands.random(extents);
        const View output = operands.result(extents);
        return kernels::Copy{input, View(output.data, output.dtype, extents, to)};
      },
      kernels::copy, kernels::reference::copy<double>);
}

KernelCase reduce_case(std::int64_t rows, std::int64_t columns, int dimension) {
  return make_case<kernels::Reduce>(
      "reduce", dimension == 0 ? "sum of rows" : "sum of columns",
      fmt::format("{}x{}", rows, columns), 0.0, kernels::reduce_unsupported,
      [=](Operands& operands) {
        kernels::Reduce p;
        p.input = operands.random({rows, columns});
        p.dimension = dimension;
        p.output = operands.result({dimension == 0 ? columns : rows});
        return p;
      },
      kernels::reduce, kernels::reference::reduce<double>);
}

}  // namespace

std::vector<KernelCase> movement_cases() {
  return {add_case(5120, 64),
          add_case(4096, 4096),
          reduce_case(5120, 64, 0),
          reduce_case(4096, 4096, 0),
          reduce_case(4096, 4096, 1),
          copy_case("transposed", "1024x1000", {1024, 1000}, {1, 1024}),
          copy_case("heads apart", "1024x8x64", {1024, 8, 64}, {64, 65536, 1})};
}

}  // namespace ebb::bench

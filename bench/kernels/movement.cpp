// Operations that only move, convert and add: elementwise, copy, reduce.
#include <algorithm>

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

void fill_oracle(const kernels::Fill& p) {
  std::fill_n(p.output.as<double>(), p.output.elements(), p.value);
}

KernelCase fill_case(std::int64_t elements) {
  return make_case<kernels::Fill>(
      "elementwise", "fill", fmt::format("{}", elements), 0.0,
      [](Device, DType) { return std::string(); },
      [=](Operands& operands) {
        return kernels::Fill{0.75, operands.result({elements})};
      },
      kernels::fill, fill_oracle);
}

void cast_oracle(const kernels::Cast& p) {
  std::copy_n(p.input.as<double>(), p.input.elements(), p.output.as<double>());
}

/// Between f32 and the case's dtype, of numbers that both can hold.
KernelCase cast_case(bool to_f32, std::int64_t elements) {
  return make_case<kernels::Cast>(
      "elementwise", to_f32 ? "cast to f32" : "cast from f32", fmt::format("{}", elements), 0.0,
      [](Device, DType dtype) -> std::string {
        return dtype == DType::f32 ? "f32 is no other dtype" : "";
      },
      [=](Operands& operands) {
        const DType other = operands.statistic();
        const Shape shape{elements};
        kernels::Cast p;
        p.input = operands.random_as(to_f32 ? operands.dtype() : other, shape);
        p.output = operands.result_as(to_f32 ? other : operands.dtype(), shape);
        return p;
      },
      kernels::cast, cast_oracle);
}

/// Owns the list that kernels::SumBuffers refers to.
struct OwnedSumBuffers {
  kernels::SumBuffers parameters() const { return {inputs, output}; }

  std::vector<ConstView> inputs;
  View output;
};

void sum_buffers(Context& context, const OwnedSumBuffers& p) {
  kernels::sum_buffers(context, p.parameters());
}

void sum_buffers_oracle(const OwnedSumBuffers& p) {
  kernels::reference::sum_buffers<double>(p.parameters());
}

KernelCase sum_buffers_case(int count, std::int64_t elements) {
  return make_case<OwnedSumBuffers>(
      "reduce", "sum of buffers", fmt::format("{}x{}", count, elements), 0.0,
      kernels::reduce_unsupported,
      [=](Operands& operands) {
        OwnedSumBuffers p;
        for (int i = 0; i < count; ++i) p.inputs.push_back(operands.random({elements}));
        p.output = operands.result({elements});
        return p;
      },
      sum_buffers, sum_buffers_oracle);
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
          fill_case(1 << 20),
          cast_case(false, 1 << 20),
          cast_case(true, 1 << 20),
          reduce_case(5120, 64, 0),
          reduce_case(4096, 4096, 0),
          reduce_case(4096, 4096, 1),
          sum_buffers_case(4, 1 << 20),
          copy_case("transposed", "1024x1000", {1024, 1000}, {1, 1024}),
          copy_case("heads apart", "1024x8x64", {1024, 8, 64}, {64, 65536, 1})};
}

}  // namespace ebb::bench

// How numbers become tokens: periodic and piecewise linear encoding.
#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/periodic_encoding/periodic_encoding_reference.h"
#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding_reference.h"

namespace ebb::bench {
namespace {

constexpr std::int64_t kFeatures = 20;
constexpr std::int64_t kFrequencies = 16;
constexpr std::int64_t kBins = 8;

std::string shape_of(std::int64_t rows, std::int64_t width) {
  return fmt::format("{}x{}x{}", rows, kFeatures, width);
}

KernelCase periodic_case(std::int64_t rows) {
  return make_case<kernels::PeriodicEncodingForward>(
      "periodic_encoding", "forward", shape_of(rows, kFrequencies), 0.0,
      kernels::periodic_encoding_unsupported,
      [=](Operands& operands) {
        return kernels::PeriodicEncodingForward{
            operands.random({rows, kFeatures}), operands.random({kFeatures, kFrequencies}),
            operands.result({rows, kFeatures, 2 * kFrequencies + 1})};
      },
      kernels::periodic_encoding, kernels::reference::periodic_encoding<double>);
}

KernelCase periodic_backward_case(std::int64_t rows) {
  const Shape encoded{rows, kFeatures, 2 * kFrequencies + 1};
  return make_case<kernels::PeriodicEncodingBackward>(
      "periodic_encoding", "backward", shape_of(rows, kFrequencies), 0.0,
      kernels::periodic_encoding_unsupported,
      [=](Operands& operands) {
        kernels::PeriodicEncodingBackward p;
        p.input = operands.random({rows, kFeatures});
        p.frequencies = operands.random({kFeatures, kFrequencies});
        p.output = operands.random(encoded);
        p.grad_output = operands.random(encoded);
        p.grad_frequencies = operands.result({kFeatures, kFrequencies});
        return p;
      },
      kernels::periodic_encoding_backward, kernels::reference::periodic_encoding_backward<double>);
}

/// Sets what both directions read.
template <class Parameters>
Parameters piecewise_inputs(Operands& operands, std::int64_t rows) {
  Parameters p;
  p.input = operands.random({rows, kFeatures});
  p.edges = operands.ascending({kFeatures, kBins + 1});
  p.counts = operands.indices({kFeatures}, kBins + 1);
  return p;
}

KernelCase piecewise_case(std::int64_t rows) {
  return make_case<kernels::PiecewiseLinearEncodingForward>(
      "piecewise_linear_encoding", "forward", shape_of(rows, kBins), 0.0,
      kernels::piecewise_linear_encoding_unsupported,
      [=](Operands& operands) {
        auto p = piecewise_inputs<kernels::PiecewiseLinearEncodingForward>(operands, rows);
        p.output = operands.result({rows, kFeatures, kBins + 2});
        return p;
      },
      kernels::piecewise_linear_encoding, kernels::reference::piecewise_linear_encoding<double>);
}

void piecewise_backward_oracle(const kernels::PiecewiseLinearEncodingBackward& p) {
  kernels::reference::piecewise_linear_encoding_backward<double>(p, 0, p.input.elements());
}

KernelCase piecewise_backward_case(std::int64_t rows) {
  return make_case<kernels::PiecewiseLinearEncodingBackward>(
      "piecewise_linear_encoding", "backward", shape_of(rows, kBins), 0.0,
      kernels::piecewise_linear_encoding_unsupported,
      [=](Operands& operands) {
        auto p = piecewise_inputs<kernels::PiecewiseLinearEncodingBackward>(operands, rows);
        p.grad_output = operands.random({rows, kFeatures, kBins + 2});
        p.grad_input = operands.result({rows, kFeatures});
        return p;
      },
      kernels::piecewise_linear_encoding_backward, piecewise_backward_oracle);
}

}  // namespace

std::vector<KernelCase> encoding_cases() {
  std::vector<KernelCase> cases;
  for (const std::int64_t rows : {256, 8192}) {
    for (const auto& make :
         {periodic_case, periodic_backward_case, piecewise_case, piecewise_backward_case}) {
      cases.push_back(make(rows));
    }
  }
  return cases;
}

}  // namespace ebb::bench

// How numbers become tokens: periodic and piecewise linear encoding.
#include <fmt/format.h>

#include "bench/kernels/suite.h"
#include "kernels/periodic_encoding/periodic_encoding_reference.h"

namespace ebb::bench {
namespace {

constexpr std::int64_t kFeatures = 20;
constexpr std::int64_t kFrequencies = 16;

KernelCase forward_case(std::int64_t rows) {
  return make_case<kernels::PeriodicEncodingForward>(
      "periodic_encoding", "forward", fmt::format("{}x{}x{}", rows, kFeatures, kFrequencies), 0.0,
      kernels::periodic_encoding_unsupported,
      [=](Operands& operands) {
        return kernels::PeriodicEncodingForward{
            operands.random({rows, kFeatures}), operands.random({kFeatures, kFrequencies}),
            operands.result({rows, kFeatures, 2 * kFrequencies + 1})};
      },
      kernels::periodic_encoding, kernels::reference::periodic_encoding<double>);
}

}  // namespace

std::vector<KernelCase> encoding_cases() { return {forward_case(256), forward_case(8192)}; }

}  // namespace ebb::bench

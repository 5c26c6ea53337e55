// The linear layer's f32 product on the CPU, input times the transposed weight. A panel of the
// weight, two vectors of outputs, is transposed into a buffer on the stack once per call and then
// multiplied with all rows of the input, which are read in place: 2 m n k flops. A row's sums go
// over the inputs in order, whatever rows stand beside it; oneDNN's sgemm cannot promise that.
// Against it, 160 rows take 0.72 to 0.95 of the time on AVX-512, one or two rows twice, which is
// packing.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear/linear_product_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/tile_product.h"
#include "kernels/common/vector_columns.h"
#include "kernels/linear/linear_backends.h"

#ifndef EBB_LINEAR_PRODUCT_CPU_ONCE_
#define EBB_LINEAR_PRODUCT_CPU_ONCE_
namespace ebb::kernels {

// Inputs of one panel: at the widest vectors it takes 32 KiB, most of a first-level cache.
inline constexpr std::int64_t kPanelDepth = 256;
// Rows that go through a buffer at once where the last panel is not full.
inline constexpr std::int64_t kEdgeRows = 48;

}  // namespace ebb::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

inline constexpr std::int64_t kPanelOutputs = 2 * kLanes;

/// Rows [0, outputs) of the weight as columns of the panel; columns past them repeat others.
HWY_INLINE void pack_panel(const float* weight, std::int64_t stride, std::int64_t outputs,
                           std::int64_t depth, float* panel) {
  const Lanes d;
  for (std::int64_t o = 0; o < outputs; o += kLanes) {
    for_columns(weight + o * stride, stride, std::min(kLanes, outputs - o), depth,
                [&](std::int64_t i, Vector x)
                    HWY_ATTR { hn::Store(x, d, panel + i * kPanelOutputs + o); });
  }
}

/// A product with the last panel, of which only `outputs` columns are to be stored.
void multiply_edge(const Product& p, std::int64_t rows, std::int64_t outputs) {
  HWY_ALIGN float sums[kEdgeRows * kPanelOutputs] = {};
  for (std::int64_t first = 0; first < rows; first += kEdgeRows) {
    const std::int64_t count = std::min(kEdgeRows, rows - first);
    float* c = p.c + first * p.c_stride;
    Product part = p;
    part.a += first * p.a_stride;
    part.c = sums;
    part.c_stride = kPanelOutputs;
    for (std::int64_t r = 0; r < count && p.accumulate; ++r) {
      std::copy_n(c + r * p.c_stride, outputs, sums + r * kPanelOutputs);
    }
    if (outputs <= kLanes) {
      multiply<1, false>(part, count);
    } else {
      multiply<2, false>(part, count);
    }
    for (std::int64_t r = 0; r < count; ++r) {
      std::copy_n(sums + r * kPanelOutputs, outputs, c + r * p.c_stride);
    }
  }
}

void multiply_weight(const ConstView& input, const ConstView& weight, const View& output) {
  const std::int64_t outputs = weight.shape[0];
  const std::int64_t inputs = weight.shape[1];
  HWY_ALIGN float panel[kPanelDepth * kPanelOutputs];
  std::int64_t first = 0;
  do {  // also without inputs, whose sums are zeros
    const std::int64_t depth = std::min(kPanelDepth, inputs - first);
    for (std::int64_t o = 0; o < outputs; o += kPanelOutputs) {
      const std::int64_t count = std::min(kPanelOutputs, outputs - o);
      pack_panel(weight.as<float>() + o * inputs + first, inputs, count, depth, panel);
      const Product product{.a = input.as<float>() + first,
                            .a_stride = inputs,
                            .b = panel,
                            .b_stride = kPanelOutputs,
                            .c = output.as<float>() + o,
                            .c_stride = outputs,
                            .depth = depth,
                            .accumulate = first > 0};
      if (count == kPanelOutputs) {
        multiply<2, false>(product, input.shape[0]);
      } else {
        multiply_edge(product, input.shape[0], count);
      }
    }
    first += kPanelDepth;
  } while (first < inputs);
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(multiply_weight);

}  // namespace

void linear_product(const ConstView& input, const ConstView& weight, const View& output) {
  HWY_DYNAMIC_DISPATCH(multiply_weight)(input, weight, output);
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE

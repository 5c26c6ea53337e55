// The matrix product on the CPU. oneDNN's sgemm packs its operands and reaches 80-90 % of the fp32
// FMA peak on the shapes of a Transformer; against oneDNN's matmul primitive it is level on
// activations times weights, better on tall transposed operands (weight gradients), and needs no
// primitive to be kept per shape. The linear layer forward has a product of its own
// (linear_product_cpu.cpp).
#include <dnnl.h>

#include "kernels/common/one_thread.h"
#include "kernels/common/parallel.h"
#include "kernels/matrix_product/matrix_product_backends.h"
#include "kernels/matrix_product/matrix_product_reference.h"

namespace ebb::kernels::cpu {
namespace {

// Rows of the output that one call computes: enough to amortise packing b.
constexpr std::int64_t kRowBlock = 256;

// Below this many multiplications a second thread costs more than it saves.
constexpr std::int64_t kGrainMultiplications = 256 * 1024;

struct Layout {
  char transposed;
  std::int64_t leading;  // elements between rows of the matrix as it is stored
};

// A dimension of one element may have any stride, so the other one decides.
Layout layout_of(const ConstView& view) {
  const std::int64_t rows = view.shape[-2];
  const std::int64_t columns = view.shape[-1];
  const bool row_major = view.strides[-1] == 1 || columns <= 1;
  if (row_major && (columns > 1 || view.strides[-2] >= 1)) {
    return {'N', std::max(rows <= 1 ? columns : view.strides[-2], std::int64_t{1})};
  }
  return {'T', std::max(columns <= 1 ? rows : view.strides[-1], std::int64_t{1})};
}

ConstView rows_of(const ConstView& view, std::int64_t offset, std::int64_t first,
                  std::int64_t count) {
  const int rank = view.shape.rank();
  return {view.as<float>() + offset + first * view.strides[rank - 2], view.dtype,
          Shape{count, view.shape[-1]}, Shape{view.strides[-2], view.strides[-1]}};
}

// One product of two-dimensional views on the calling thread alone.
void serial_matrix_product(const ConstView& a, const ConstView& b, const View& output,
                           bool accumulate) {
  const std::int64_t m = output.shape[-2];
  const std::int64_t n = output.shape[-1];
  const std::int64_t k = a.shape[-1];
  if (m == 0 || n == 0) return;
  if (k == 0) return reference::matrix_product<float>({a, b, output, accumulate});
  const Layout layout_a = layout_of(a);
  const Layout layout_b = layout_of(b);
  const std::int64_t leading = m <= 1 ? n : output.strides[-2];
  const OneThread one_thread;
  const dnnl_status_t status =
      dnnl_sgemm(layout_a.transposed, layout_b.transposed, m, n, k, 1.0F, a.as<float>(),
                 layout_a.leading, b.as<float>(), layout_b.leading, accumulate ? 1.0F : 0.0F,
                 output.as<float>(), std::max(leading, n));
  if (status != dnnl_success) {
    fail("matrix_product: oneDNN refused {} x {} x {} with status {}", m, n, k,
         static_cast<int>(status));
  }
}

}  // namespace

void matrix_product(Context& context, const MatrixProduct& p) {
  if (p.a.dtype == DType::f64) return reference::matrix_product<double>(p);
  const std::int64_t rows = p.output.shape[-2];
  const std::int64_t row_blocks = blocks_of(rows, kRowBlock);
  const std::int64_t block_work =
      std::min(rows, kRowBlock) * p.output.shape[-1] * std::max<std::int64_t>(p.a.shape[-1], 1);
  const std::int64_t grain =
      blocks_of(kGrainMultiplications, std::max<std::int64_t>(block_work, 1));
  parallel_for(
      context, batch_size(p.a) * row_blocks, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t block = begin; block < end; ++block) {
          const std::int64_t pair = block / row_blocks;
          const std::int64_t first = block % row_blocks * kRowBlock;
          const std::int64_t count = std::min(kRowBlock, rows - first);
          const std::int64_t offset = batch_offset(p.output, pair) + first * p.output.strides[-2];
          const View output(p.output.as<float>() + offset, DType::f32,
                            Shape{count, p.output.shape[-1]},
                            Shape{p.output.strides[-2], p.output.strides[-1]});
          serial_matrix_product(rows_of(p.a, batch_offset(p.a, pair), first, count),
                                rows_of(p.b, batch_offset(p.b, pair), 0, p.b.shape[-2]), output,
                                p.accumulate);
        }
      });
}

}  // namespace ebb::kernels::cpu

// A matrix product on CUDA, described to cuBLASLt, or by our own ladder.
#include <limits>
#include <optional>

#include "kernels/common/cuda/cublaslt.h"
#include "kernels/common/cuda/product_library.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/matrix_product/gemm_cuda.h"
#include "kernels/matrix_product/ladder/ladder.h"

namespace ebb::kernels::gemm {
namespace {

namespace lt = ebb::cuda::lt;

int type_of(DType dtype) {
  if (dtype == DType::bf16) return lt::kRealBf16;
  return dtype == DType::f16 ? lt::kRealF16 : lt::kRealF32;
}

/// The largest power of two, up to 16, that divides the address.
std::uint32_t alignment_of(const void* pointer) {
  std::uint32_t alignment = 16;
  while (reinterpret_cast<std::uintptr_t>(pointer) % alignment != 0) alignment /= 2;
  return alignment;
}

/// From one matrix to the next where they are evenly spaced; none where they are not.
std::optional<std::int64_t> even_stride(const Batch& batch,
                                        const std::int64_t (&strides)[kMaxBatchRank]) {
  std::int64_t stride = 0;
  std::int64_t count = 1;
  for (int i = kMaxBatchRank - 1; i >= 0; --i) {
    if (batch.extents[i] == 1) continue;
    if (count == 1) stride = strides[i];
    if (strides[i] != stride * count) return {};
    count *= batch.extents[i];
  }
  return stride;
}

/// The leading dimension for cuBLASLt of `lines` lines of `length` elements; none where lines
/// overlap.
std::optional<std::int64_t> leading_of(std::int64_t leading, std::int64_t lines,
                                       std::int64_t length) {
  if (lines == 1) return std::max(leading, length);
  if (leading < length) return {};
  return leading;
}

/// Row-major matrices are the transposes of column-major ones: outputᵀ = bᵀ · aᵀ.
std::optional<ebb::cuda::LibraryProduct> library_product(const Problem& p, const Beside& beside) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  const std::int64_t batch = p.batch.size();
  if (p.m == 0 || p.n == 0 || p.k == 0 || batch == 0 || batch > kMost) return {};
  const auto stride_a = even_stride(p.batch, p.a.batch_strides);
  const auto stride_b = even_stride(p.batch, p.b.batch_strides);
  const auto stride_d = even_stride(p.batch, p.output.batch_strides);
  const bool a_along_k = p.a.lines_along_k;
  const bool b_along_k = p.b.lines_along_k;
  const auto leading_a = leading_of(p.a.leading, a_along_k ? p.m : p.k, a_along_k ? p.k : p.m);
  const auto leading_b = leading_of(p.b.leading, b_along_k ? p.n : p.k, b_along_k ? p.k : p.n);
  const auto leading_d = leading_of(p.output.leading, p.m, p.n);
  if (!stride_a || !stride_b || !stride_d || !leading_a || !leading_b || !leading_d) return {};
  return ebb::cuda::LibraryProduct{.m = p.n,
                                   .n = p.m,
                                   .k = p.k,
                                   .batch = batch,
                                   .transposed_a = b_along_k,
                                   .transposed_b = !a_along_k,
                                   .type = type_of(p.a.dtype),
                                   .output_type = type_of(p.output.dtype),
                                   .epilogue = beside.epilogue,
                                   .leading_a = *leading_b,
                                   .leading_b = *leading_a,
                                   .leading_d = *leading_d,
                                   .stride_a = *stride_b,
                                   .stride_b = *stride_a,
                                   .stride_d = *stride_d,
                                   .alignment_a = alignment_of(p.b.data),
                                   .alignment_b = alignment_of(p.a.data),
                                   .alignment_d = alignment_of(p.output.data),
                                   .alignment_vector = alignment_of(beside.vector)};
}

}  // namespace

std::string unsupported(Device device, DType dtype) {
  if (dtype != DType::f32 && ebb::cuda::compute_capability(device) < 80) {
    return fmt::format("products of {} need a GPU of compute capability 8.0; use f32",
                       name_of(dtype));
  }
  return ebb::cuda::product_library_unavailable();
}

bool library_takes(Context& context, const Problem& p, const Beside& beside) {
  const auto product = library_product(p, beside);
  return product && context.prepared_products().takes(*product, beside.vector);
}

bool multiply_by_library(Context& context, const Problem& p, const Beside& beside) {
  const auto product = library_product(p, beside);
  if (!product || !context.prepared_products().takes(*product, beside.vector)) return false;
  context.prepared_products().multiply(context.stream(), *product, p.b.data, p.a.data,
                                       p.output.data, p.output.accumulate, beside.vector);
  return true;
}

bool prefers_library() {
  return ebb::cuda::product_library() == ebb::cuda::ProductLibrary::cublaslt;
}

void multiply(Context& context, const Problem& p, float* workspace) {
  if (prefers_library() && multiply_by_library(context, p)) return;
  best_rung(context, p, workspace);
}

}  // namespace ebb::kernels::gemm

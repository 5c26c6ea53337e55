// Softmax on CUDA, both directions: one pass over memory, a row in registers
// (kernels/common/cuda/rows.cuh). Longer rows are read twice: forward finds maximum and sum
// together, scaling the sum whenever the maximum grows (Milakov, Gimelshein, "Online normalizer
// calculation for softmax", 2018), then writes.
//
// Per element: forward 2, backward 3 * sizeof(T) bytes; an exponential and some 4 operations.
#include "kernels/common/cuda/rows.cuh"
#include "kernels/softmax/softmax_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

/// Rows and columns of a tensor.
struct Extent {
  std::int64_t rows;
  std::int64_t columns;
};

template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads)
    softmax_kernel(const T* input, T* output, Extent extent) {
  constexpr int kPacks = Layout::kPacks;
  constexpr int kPack = Layout::kPack;
  const std::int64_t first = std::int64_t{blockIdx.x} * Layout::kGroups;
  const std::int64_t stride = std::int64_t{gridDim.x} * Layout::kGroups;
  for_rows<Layout>(first, extent.rows, stride, [&](std::int64_t row, bool present) {
    const std::int64_t end = present ? extent.columns : 0;
    float x[kPacks][kPack];
    float largest = Maximum::kIdentity;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= end) continue;
      load_pack(input + row * extent.columns + column, x[i]);
#pragma unroll
      for (int j = 0; j < kPack; ++j) largest = Maximum()(largest, x[i][j]);
    }
    largest = row_reduce<Layout, Maximum>(largest);
    float total = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      if (Layout::column(i) >= end) continue;
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        x[i][j] = expf(x[i][j] - largest);
        total += x[i][j];
      }
    }
    total = row_reduce<Layout, Sum>(total);
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= end) continue;
#pragma unroll
      for (int j = 0; j < kPack; ++j) x[i][j] /= total;
      store_pack(output + row * extent.columns + column, x[i]);
    }
  });
}

template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads)
    softmax_long_kernel(const T* input, T* output, Extent extent) {
  for (std::int64_t row = blockIdx.x; row < extent.rows; row += gridDim.x) {
    const std::int64_t start = row * extent.columns;
    float largest = Maximum::kIdentity;
    float total = 0.0F;
    for (std::int64_t column = threadIdx.x; column < extent.columns; column += kRowThreads) {
      const float x = to_f32(input[start + column]);
      const float larger = Maximum()(largest, x);
      // So far only -inf: nothing to add, and -inf - -inf would be NaN.
      if (larger == Maximum::kIdentity) continue;
      total = total * expf(largest - larger) + expf(x - larger);
      largest = larger;
    }
    const float row_largest = row_reduce<Layout, Maximum>(largest);
    if (largest != row_largest) total *= expf(largest - row_largest);
    total = row_reduce<Layout, Sum>(total);
    for (std::int64_t column = threadIdx.x; column < extent.columns; column += kRowThreads) {
      const float x = to_f32(input[start + column]);
      output[start + column] = from_f32<T>(expf(x - row_largest) / total);
    }
  }
}

template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads)
    softmax_backward_kernel(const T* output, const T* grad_output, T* grad_input, Extent extent) {
  constexpr int kPacks = Layout::kPacks;
  constexpr int kPack = Layout::kPack;
  const std::int64_t first = std::int64_t{blockIdx.x} * Layout::kGroups;
  const std::int64_t stride = std::int64_t{gridDim.x} * Layout::kGroups;
  for_rows<Layout>(first, extent.rows, stride, [&](std::int64_t row, bool present) {
    const std::int64_t end = present ? extent.columns : 0;
    float y[kPacks][kPack];
    float g[kPacks][kPack];
    float mean = 0.0F;
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= end) continue;
      load_pack(output + row * extent.columns + column, y[i]);
      load_pack(grad_output + row * extent.columns + column, g[i]);
#pragma unroll
      for (int j = 0; j < kPack; ++j) mean += g[i][j] * y[i][j];
    }
    mean = row_reduce<Layout, Sum>(mean);
#pragma unroll
    for (int i = 0; i < kPacks; ++i) {
      const std::int64_t column = Layout::column(i);
      if (column >= end) continue;
#pragma unroll
      for (int j = 0; j < kPack; ++j) g[i][j] = y[i][j] * (g[i][j] - mean);
      store_pack(grad_input + row * extent.columns + column, g[i]);
    }
  });
}

template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads)
    softmax_backward_long_kernel(const T* output, const T* grad_output, T* grad_input,
                                 Extent extent) {
  for (std::int64_t row = blockIdx.x; row < extent.rows; row += gridDim.x) {
    const std::int64_t start = row * extent.columns;
    float mean = 0.0F;
    for (std::int64_t column = threadIdx.x; column < extent.columns; column += kRowThreads) {
      mean += to_f32(grad_output[start + column]) * to_f32(output[start + column]);
    }
    mean = row_reduce<Layout, Sum>(mean);
    for (std::int64_t column = threadIdx.x; column < extent.columns; column += kRowThreads) {
      const std::int64_t i = start + column;
      grad_input[i] = from_f32<T>(to_f32(output[i]) * (to_f32(grad_output[i]) - mean));
    }
  }
}

Extent extent_of(const ConstView& view) {
  const std::int64_t columns = view.shape[-1];
  return {columns == 0 ? 0 : view.elements() / columns, columns};
}

}  // namespace

void softmax(Context& context, const SoftmaxForward& p) {
  const Extent extent = extent_of(p.input);
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    const bool in_packs =
        extent.columns % kPackOf<T> == 0 && aligned_to(16, p.input.data, p.output.data);
    for_row_layout<T>(extent.columns, in_packs, [&]<class Layout>(Layout) {
      const LaunchShape shape{"softmax", grid_for(context, extent.rows, Layout::kGroups),
                              kRowThreads};
      const auto start = [&](auto* kernel) {
        launch(context, shape, kernel, p.input.as<T>(), p.output.as<T>(), extent);
      };
      if constexpr (Layout::kPacks == 0) {
        start(softmax_long_kernel<Layout, T>);
      } else {
        start(softmax_kernel<Layout, T>);
      }
    });
  });
}

void softmax_backward(Context& context, const SoftmaxBackward& p) {
  const Extent extent = extent_of(p.output);
  for_storage(p.output.dtype, [&]<class T>(std::type_identity<T>) {
    const bool in_packs = extent.columns % kPackOf<T> == 0 &&
                          aligned_to(16, p.output.data, p.grad_output.data, p.grad_input.data);
    for_row_layout<T>(extent.columns, in_packs, [&]<class Layout>(Layout) {
      const LaunchShape shape{"softmax_backward", grid_for(context, extent.rows, Layout::kGroups),
                              kRowThreads};
      const auto start = [&](auto* kernel) {
        launch(context, shape, kernel, p.output.as<T>(), p.grad_output.as<T>(),
               p.grad_input.as<T>(), extent);
      };
      if constexpr (Layout::kPacks == 0) {
        start(softmax_backward_long_kernel<Layout, T>);
      } else {
        start(softmax_backward_kernel<Layout, T>);
      }
    });
  });
}

}  // namespace ebb::kernels::cuda

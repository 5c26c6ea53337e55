// Softmax on CUDA, both directions: one pass over memory. Rows of up to 32 columns lie in shared
// memory, many to a warp (kernels/common/cuda/short_rows.cuh), longer ones in registers and the
// longest in shared memory again (rows.cuh). Only rows that do not fit there are read twice.
// Forward finds a long row's maximum and sum together, scaling the sum whenever the maximum grows
// (Milakov, Gimelshein, "Online normalizer calculation for softmax", 2018), then writes.
//
// Per element: forward 2, backward 3 * sizeof(T) bytes; an exponential and some 4 operations.
#include "kernels/common/cuda/rows.cuh"
#include "kernels/common/cuda/short_rows.cuh"
#include "kernels/softmax/softmax_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

/// Rows and columns of a tensor.
struct Extent {
  std::int64_t rows;
  std::int64_t columns;
};

template <class T>
__global__ void __launch_bounds__(kShortRowThreads)
    softmax_short_kernel(const T* input, T* output, ShortRows rows) {
  extern __shared__ uint4 memory[];
  const RowTile tile(rows);
  float* const x = tile.place(memory, 0);
  tile.load(input, x);
  tile.for_rows([&](std::int64_t, unsigned at, unsigned columns) {
    float* const row = x + at;
    float largest = Maximum::kIdentity;
    tile.for_columns(columns, [&](unsigned c) { largest = Maximum()(largest, row[c]); });
    largest = tile.reduce<Maximum>(largest);
    float total = 0.0F;
    tile.for_columns(columns, [&](unsigned c) {
      row[c] = expf(row[c] - largest);
      total += row[c];
    });
    total = tile.reduce<Sum>(total);
    tile.for_columns(columns, [&](unsigned c) { row[c] /= total; });
  });
  tile.store(x, output);
}

template <class T>
__global__ void __launch_bounds__(kShortRowThreads)
    softmax_backward_short_kernel(const T* output, const T* grad_output, T* grad_input,
                                  ShortRows rows) {
  extern __shared__ uint4 memory[];
  const RowTile tile(rows);
  float* const y = tile.place(memory, 0);
  float* const g = tile.place(memory, 1);
  tile.load(output, y);
  tile.load(grad_output, g);
  tile.for_rows([&](std::int64_t, unsigned at, unsigned columns) {
    float mean = 0.0F;
    tile.for_columns(columns, [&](unsigned c) { mean += g[at + c] * y[at + c]; });
    mean = tile.reduce<Sum>(mean);
    tile.for_columns(columns, [&](unsigned c) { g[at + c] = y[at + c] * (g[at + c] - mean); });
  });
  tile.store(g, grad_input);
}

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

/// A block per row that does not fit into registers. `keeps`: shared memory holds the row.
template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads)
    softmax_long_kernel(const T* input, T* output, Extent extent, bool keeps) {
  constexpr int kPack = Layout::kPack;
  extern __shared__ uint4 memory[];
  auto* const kept = reinterpret_cast<T*>(memory);
  for (std::int64_t row = blockIdx.x; row < extent.rows; row += gridDim.x) {
    const T* const from = input + row * extent.columns;
    float largest = Maximum::kIdentity;
    float total = 0.0F;
    for_long_row<Layout>(extent.columns, [&](std::int64_t column) {
      float x[kPack];
      load_pack(from + column, x);
      if (keeps) keep_pack(kept + column, x);
      float larger = largest;
#pragma unroll
      for (int j = 0; j < kPack; ++j) larger = Maximum()(larger, x[j]);
      // So far only -inf: nothing to add, and -inf - -inf would be NaN.
      if (larger == Maximum::kIdentity) return;
      total *= expf(largest - larger);
#pragma unroll
      for (int j = 0; j < kPack; ++j) total += expf(x[j] - larger);
      largest = larger;
    });
    const float row_largest = row_reduce<Layout, Maximum>(largest);
    if (largest != row_largest) total *= expf(largest - row_largest);
    total = row_reduce<Layout, Sum>(total);
    const T* const again = keeps ? kept : from;
    T* const to = output + row * extent.columns;
    for_long_row<Layout>(extent.columns, [&](std::int64_t column) {
      float x[kPack];
      load_pack(again + column, x);
#pragma unroll
      for (int j = 0; j < kPack; ++j) x[j] = expf(x[j] - row_largest) / total;
      store_whole_pack(to + column, x);
    });
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

/// As softmax_long_kernel; shared memory holds a row of both operands.
template <class Layout, class T>
__global__ void __launch_bounds__(kRowThreads)
    softmax_backward_long_kernel(const T* output, const T* grad_output, T* grad_input,
                                 Extent extent, bool keeps) {
  constexpr int kPack = Layout::kPack;
  extern __shared__ uint4 memory[];
  auto* const kept_output = reinterpret_cast<T*>(memory);
  T* const kept_gradient = kept_output + extent.columns;
  for (std::int64_t row = blockIdx.x; row < extent.rows; row += gridDim.x) {
    const std::int64_t start = row * extent.columns;
    float mean = 0.0F;
    for_long_row<Layout>(extent.columns, [&](std::int64_t column) {
      float y[kPack];
      float g[kPack];
      load_pack(output + start + column, y);
      load_pack(grad_output + start + column, g);
      if (keeps) {
        keep_pack(kept_output + column, y);
        keep_pack(kept_gradient + column, g);
      }
#pragma unroll
      for (int j = 0; j < kPack; ++j) mean += g[j] * y[j];
    });
    mean = row_reduce<Layout, Sum>(mean);
    const T* const outputs = keeps ? kept_output : output + start;
    const T* const gradients = keeps ? kept_gradient : grad_output + start;
    for_long_row<Layout>(extent.columns, [&](std::int64_t column) {
      float y[kPack];
      float g[kPack];
      load_pack(outputs + column, y);
      load_pack(gradients + column, g);
#pragma unroll
      for (int j = 0; j < kPack; ++j) g[j] = y[j] * (g[j] - mean);
      store_whole_pack(grad_input + start + column, g);
    });
  }
}

/// The shape of a kernel of `Layout`, which keeps `operands` long rows of T if they fit.
template <class Layout, class T>
LaunchShape shape_for(const Context& context, const char* name, const Extent& extent,
                      std::size_t operands) {
  LaunchShape shape{name, grid_for(context, extent.rows, Layout::kGroups), kRowThreads};
  if (Layout::kPacks == 0) {
    const auto columns = static_cast<std::size_t>(extent.columns);
    shape.shared_bytes = kept_bytes(context, operands * columns * sizeof(T));
  }
  return shape;
}

Extent extent_of(const ConstView& view) {
  const std::int64_t columns = view.shape[-1];
  return {columns == 0 ? 0 : view.elements() / columns, columns};
}

}  // namespace

void softmax(Context& context, const SoftmaxForward& p) {
  const Extent extent = extent_of(p.input);
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    if (are_short_rows(extent.columns)) {
      const ShortRows rows(extent.rows, extent.columns,
                           aligned_to(kShortPack * sizeof(T), p.input.data, p.output.data));
      return launch(context, short_rows_shape("softmax", rows, 1), softmax_short_kernel<T>,
                    p.input.as<T>(), p.output.as<T>(), rows);
    }
    const bool in_packs =
        extent.columns % kPackOf<T> == 0 && aligned_to(16, p.input.data, p.output.data);
    for_longer_row_layout<T>(extent.columns, in_packs, [&]<class Layout>(Layout) {
      const LaunchShape shape = shape_for<Layout, T>(context, "softmax", extent, 1);
      const auto start = [&](auto* kernel, auto... keeps) {
        launch(context, shape, kernel, p.input.as<T>(), p.output.as<T>(), extent, keeps...);
      };
      if constexpr (Layout::kPacks == 0) {
        start(softmax_long_kernel<Layout, T>, shape.shared_bytes != 0);
      } else {
        start(softmax_kernel<Layout, T>);
      }
    });
  });
}

void softmax_backward(Context& context, const SoftmaxBackward& p) {
  const Extent extent = extent_of(p.output);
  for_storage(p.output.dtype, [&]<class T>(std::type_identity<T>) {
    if (are_short_rows(extent.columns)) {
      const ShortRows rows(
          extent.rows, extent.columns,
          aligned_to(kShortPack * sizeof(T), p.output.data, p.grad_output.data, p.grad_input.data));
      return launch(context, short_rows_shape("softmax_backward", rows, 2),
                    softmax_backward_short_kernel<T>, p.output.as<T>(), p.grad_output.as<T>(),
                    p.grad_input.as<T>(), rows);
    }
    const bool in_packs = extent.columns % kPackOf<T> == 0 &&
                          aligned_to(16, p.output.data, p.grad_output.data, p.grad_input.data);
    for_longer_row_layout<T>(extent.columns, in_packs, [&]<class Layout>(Layout) {
      const LaunchShape shape = shape_for<Layout, T>(context, "softmax_backward", extent, 2);
      const auto start = [&](auto* kernel, auto... keeps) {
        launch(context, shape, kernel, p.output.as<T>(), p.grad_output.as<T>(),
               p.grad_input.as<T>(), extent, keeps...);
      };
      if constexpr (Layout::kPacks == 0) {
        start(softmax_backward_long_kernel<Layout, T>, shape.shared_bytes != 0);
      } else {
        start(softmax_backward_kernel<Layout, T>);
      }
    });
  });
}

}  // namespace ebb::kernels::cuda

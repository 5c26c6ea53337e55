// Piecewise linear encoding on CUDA. Forward (kernels/common/cuda/encoded_rows.cuh), a thread keeps
// its edges in registers: sizeof(T) bytes per component, and one division. Backward, a number has a
// slope in one bin alone, which its thread finds by bisection: of the gradient it reads two
// components.
#include "kernels/common/cuda/encoded_rows.cuh"
#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

/// Counts out of range would lead outside the edges.
__device__ inline std::int64_t clamped(std::int32_t count, std::int64_t most_bins) {
  return min(max(std::int64_t{count}, std::int64_t{0}), most_bins);
}

/// One component of a number.
struct Component {
  enum Kind : std::uint8_t { constant, number, only_bin, first_bin, inner_bin, last_bin };

  __device__ float operator()(float x) const {
    if (kind == constant) return lower;
    if (kind == number) return x;
    if (kind >= inner_bin && x < lower) return 0.0F;
    if ((kind == first_bin || kind == inner_bin) && x >= upper) return 1.0F;
    return (x - lower) / (upper - lower);
  }

  float lower;  // edge of a bin, or the constant
  float upper;
  Kind kind;
};

template <class T>
__global__ void __launch_bounds__(kEncodingThreads, kEncodingBlocks)
    encode(const T* input, const T* edges, const std::int32_t* counts, T* output,
           EncodedRows rows) {
  const std::uint32_t most_bins = rows.width - 2;
  write_components(input, output, rows, [&](std::uint32_t feature, std::uint32_t bin) {
    if (bin == most_bins + 1) return Component{1.0F, 0.0F, Component::constant};
    if (bin == most_bins) return Component{0.0F, 0.0F, Component::number};
    const auto bins = static_cast<std::uint32_t>(clamped(counts[feature], most_bins));
    if (bin >= bins) return Component{0.0F, 0.0F, Component::constant};
    const T* edge = edges + std::int64_t{feature} * (most_bins + 1) + bin;
    const Component::Kind kind = bins == 1         ? Component::only_bin
                                 : bin == 0        ? Component::first_bin
                                 : bin + 1 == bins ? Component::last_bin
                                                   : Component::inner_bin;
    return Component{to_f32(edge[0]), to_f32(edge[1]), kind};
  });
}

/// The bin of `bins`, at least one, whose slope `x` is on: the last one that begins at or below it,
/// else the first.
template <class T>
__device__ inline std::int64_t bin_of(float x, const T* edges, std::int64_t bins) {
  std::int64_t low = 0;
  std::int64_t high = bins - 1;
  while (low < high) {
    const std::int64_t middle = (low + high + 1) / 2;
    if (x >= to_f32(edges[middle])) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

template <class T>
__global__ void __launch_bounds__(kEncodingThreads)
    find_grad_input(const T* input, const T* edges, const std::int32_t* counts,
                    const T* grad_output, T* grad_input, std::int64_t count, std::int64_t most_bins,
                    std::int64_t features) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kEncodingThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kEncodingThreads + threadIdx.x; i < count;
       i += stride) {
    const float x = to_f32(input[i]);
    const std::int64_t feature = i % features;
    const std::int64_t bins = clamped(counts[feature], most_bins);
    const T* gradients = grad_output + i * (most_bins + 2);
    float gradient = to_f32(gradients[most_bins]);
    if (bins > 0) {
      const T* edge = edges + feature * (most_bins + 1);
      const std::int64_t bin = bin_of(x, edge, bins);
      gradient += to_f32(gradients[bin]) / (to_f32(edge[bin + 1]) - to_f32(edge[bin]));
    }
    grad_input[i] = from_f32<T>(x != x ? x : gradient);
  }
}

}  // namespace

void piecewise_linear_encoding(Context& context, const PiecewiseLinearEncodingForward& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    const EncodedRows rows{.count = p.output.elements(),
                           .width = static_cast<std::uint32_t>(p.output.shape[2]),
                           .features = static_cast<std::uint32_t>(p.output.shape[1])};
    launch(context,
           {"piecewise_linear_encoding", encoding_grid<T>(context, rows), kEncodingThreads},
           encode<T>, p.input.as<T>(), p.edges.as<T>(), p.counts.as<std::int32_t>(),
           p.output.as<T>(), rows);
  });
}

void piecewise_linear_encoding_backward(Context& context,
                                        const PiecewiseLinearEncodingBackward& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    const std::int64_t count = p.input.elements();
    const unsigned grid = grid_for(context, count, kEncodingThreads);
    launch(context, {"piecewise_linear_encoding_backward", grid, kEncodingThreads},
           find_grad_input<T>, p.input.as<T>(), p.edges.as<T>(), p.counts.as<std::int32_t>(),
           p.grad_output.as<T>(), p.grad_input.as<T>(), count, p.edges.shape[1] - 1,
           p.input.shape[1]);
  });
}

}  // namespace ebb::kernels::cuda

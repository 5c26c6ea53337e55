// Piecewise linear encoding on CUDA. Forward (kernels/common/cuda/encoded_rows.cuh), a thread keeps
// its edges in registers: sizeof(T) bytes per component, and one division.
//
// Backward, a thread takes a number, which has a slope in one bin alone. Where the gradients of a
// number are narrow, nearly all sectors hold one that is needed: blocks read them as a whole, by
// 128 bits through shared memory, sizeof(T) bytes per component, and look at every bin in turn, so
// that the lanes of a warp meet in no bank. Where they are wide, the bin is found by bisection and
// two gradients are read, a sector each.
#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/encoded_rows.cuh"
#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

/// The tables of all features, or an excerpt.
template <class T>
struct Bins {
  __device__ std::uint32_t per_feature() const { return most_bins + 1; }
  /// Counts out of range would lead outside the edges.
  __device__ std::uint32_t clamped(std::int32_t count) const {
    return static_cast<std::uint32_t>(min(max(count, 0), static_cast<int>(most_bins)));
  }
  __device__ const T* edges_of(std::uint32_t feature) const {
    return edges + std::int64_t{feature} * per_feature();
  }

  const T* edges;
  const std::int32_t* counts;
  std::uint32_t most_bins;
};

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
struct Components : Bins<T> {
  __device__ Components kept(const TableExcerpt& excerpt, TableMemory<T>& memory) const {
    excerpt.copy(this->edges, this->per_feature(),
                 [&](std::uint32_t i, T edge) { memory.entries[i] = edge; });
    excerpt.copy(this->counts, 1,
                 [&](std::uint32_t i, std::int32_t count) { memory.counts[i] = count; });
    return {{memory.entries, memory.counts, this->most_bins}};
  }
  __device__ Component operator()(std::uint32_t feature, std::uint32_t bin) const {
    if (bin == this->most_bins + 1) return {1.0F, 0.0F, Component::constant};
    if (bin == this->most_bins) return {0.0F, 0.0F, Component::number};
    const std::uint32_t bins = this->clamped(this->counts[feature]);
    if (bin >= bins) return {0.0F, 0.0F, Component::constant};
    const T* edge = this->edges_of(feature) + bin;
    const Component::Kind kind = bins == 1         ? Component::only_bin
                                 : bin == 0        ? Component::first_bin
                                 : bin + 1 == bins ? Component::last_bin
                                                   : Component::inner_bin;
    return {to_f32(edge[0]), to_f32(edge[1]), kind};
  }
};

template <class T>
__global__ void __launch_bounds__(kEncodingThreads, kEncodingBlocks)
    encode(const T* input, Components<T> components, T* output, EncodedRows rows) {
  write_components<Component>(input, output, rows, components);
}

/// The gradients of a number up to this wide are read as a whole.
constexpr std::size_t kNarrowBytes = 96;

/// What a block of find_narrow_grad_input() takes at once: whole numbers, one a thread, whose
/// gradients are whole sectors.
template <class T>
struct NumberTile {
  explicit NumberTile(const EncodedRows& rows) {
    const std::uint32_t most =
        std::min<std::uint32_t>(kEncodingThreads, kEncodingTile<T> / rows.width);
    numbers = most / kSectorOf<T> * kSectorOf<T>;
    has_all_features = numbers >= rows.features;
    const auto bytes = static_cast<std::uint32_t>(rows.width * sizeof(T));
    bank_mask = std::max(bytes & -bytes, 16u) / 16 - 1;
  }

  /// Of an excerpt of the tables, where a warp may go on behind the last feature.
  __host__ __device__ std::uint32_t excerpt_numbers(const EncodedRows& rows) const {
    return has_all_features ? rows.features + kWarpSize - 1 : numbers;
  }

  /// Where pack `i` lies in shared memory. Lanes that read one pack of neighbouring numbers, 2^k
  /// odd packs apart, would meet in a bank by 2^k, from rows of 8 packs that differ by an odd
  /// number: the last k bits of the row tell them apart.
  __device__ std::uint32_t place(std::uint32_t i) const { return i ^ (i / 8 & bank_mask); }

  std::uint32_t numbers;
  std::uint32_t bank_mask;  // 2^k - 1
  bool has_all_features;
};

/// The gradient of number `x`; load(at, values) reads those of its components, a vector from
/// component `at` on. All lanes read the same components, whatever their numbers.
template <int kVector, class Load>
__device__ inline float narrow_gradient(float x, const float* edges, std::uint32_t bins,
                                        std::uint32_t most_bins, Load&& load) {
  // The number is on the slope of the last bin that begins at or below it, at least the first.
  float sloped = 0.0F;  // the gradient there
  float width = 1.0F;
  float lower = edges[0];
  float least = -INFINITY;
  float direct;
  float values[kVector];
  load(0, values);
  for (std::uint32_t bin = 0; bin < most_bins; bin += kVector) {
#pragma unroll
    for (std::uint32_t j = 0; j < kVector; ++j) {
      const float upper = edges[bin + j + 1];
      if (x >= least && bin + j < bins) {
        sloped = values[j];
        width = upper - lower;
      }
      lower = least = upper;
    }
    if (kVector > 2) direct = values[kVector - 2];
    load(bin + kVector, values);
  }
  if (kVector <= 2) direct = values[0];
  return direct + sloped / width;
}

/// kVector: elements of the longest vector, of a power of two up to 16 bytes, that the gradients of
/// a number are whole ones of: so read, neighbouring numbers meet in no bank.
template <int kVector, class T>
__global__ void __launch_bounds__(kEncodingThreads, kEncodingBlocks)
    find_narrow_grad_input(const T* input, Bins<T> bins, const T* grad_output, T* grad_input,
                           EncodedRows rows, NumberTile<T> tile) {
  constexpr int kPack = kPackOf<T>;
  extern __shared__ float edges[];  // an odd number for each feature
  __shared__ alignas(16) T gradients[kEncodingTile<T> + 8 * kPack];  // a vector is read too much
  __shared__ std::int32_t counts[2 * kEncodingThreads];
  const bool aligned = reinterpret_cast<std::uintptr_t>(grad_output) % 16 == 0;
  const std::int64_t stride = std::int64_t{gridDim.x} * tile.numbers;
  std::int64_t first = std::int64_t{blockIdx.x} * tile.numbers;
  const auto first_feature = static_cast<std::uint32_t>(first % rows.features);
  const TableExcerpt excerpt{tile.has_all_features ? 0 : first_feature, rows.features,
                             tile.excerpt_numbers(rows)};
  const std::uint32_t pitch = bins.per_feature() | 1u;
  excerpt.copy(bins.counts, 1, [&](std::uint32_t i, std::int32_t entry) { counts[i] = entry; });
  excerpt.copy(bins.edges, bins.per_feature(), [&](std::uint32_t i, T entry) {
    edges[i + (pitch - bins.per_feature()) * (i / bins.per_feature())] = to_f32(entry);
  });
  // The thread's feature in the excerpt, the same in every tile.
  std::uint32_t feature = threadIdx.x;
  if (tile.has_all_features) {
    const std::uint32_t lane = threadIdx.x % kWarpSize;
    feature = (first_feature + threadIdx.x - lane) % rows.features + lane;
  }
  const float* edge = edges + feature * pitch;
  /// Of the thread's number, from component `at` on.
  const auto load = [&](std::uint32_t at, float(&values)[kVector]) {
    const std::uint32_t i = threadIdx.x * rows.width + at;
    load_pack(gradients + (kVector == kPack ? tile.place(i / kPack) * kPack : i), values);
  };
  for (; first < rows.numbers; first += stride) {
    const auto present =
        static_cast<std::uint32_t>(min(std::int64_t{tile.numbers}, rows.numbers - first));
    const T* from = grad_output + first * rows.width;
    const std::uint32_t packs = aligned ? present * rows.width / kPack : 0;
    uint4 pack;
    if (threadIdx.x < packs) pack = reinterpret_cast<const uint4*>(from)[threadIdx.x];
    const bool has_number = threadIdx.x < present;
    const float x = has_number ? to_f32(input[first + threadIdx.x]) : 0.0F;
    __syncthreads();  // all are done with the gradients of the tile before
    if (threadIdx.x < packs) {
      reinterpret_cast<uint4*>(gradients)[tile.place(threadIdx.x)] = pack;
    }
    for (std::uint32_t i = packs * kPack + threadIdx.x; i < present * rows.width;
         i += kEncodingThreads) {
      gradients[tile.place(i / kPack) * kPack + i % kPack] = from[i];
    }
    __syncthreads();
    if (!has_number) continue;
    const float gradient =
        narrow_gradient<kVector>(x, edge, bins.clamped(counts[feature]), bins.most_bins, load);
    grad_input[first + threadIdx.x] = from_f32<T>(x != x ? x : gradient);
  }
}

/// The bin of `bins`, at least one, whose slope `x` is on: the last one that begins at or below it,
/// else the first.
template <class T>
__device__ inline std::uint32_t bin_of(float x, const T* edges, std::uint32_t bins) {
  std::uint32_t low = 0;
  std::uint32_t high = bins - 1;
  while (low < high) {
    const std::uint32_t middle = (low + high + 1) / 2;
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
    find_wide_grad_input(const T* input, Bins<T> all_bins, const T* grad_output, T* grad_input,
                         EncodedRows rows) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kEncodingThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kEncodingThreads + threadIdx.x; i < rows.numbers;
       i += stride) {
    const float x = to_f32(input[i]);
    const auto feature = static_cast<std::uint32_t>(i % rows.features);
    const std::uint32_t bins = all_bins.clamped(all_bins.counts[feature]);
    const T* gradients = grad_output + i * rows.width;
    float gradient = to_f32(gradients[all_bins.most_bins]);
    if (bins > 0) {
      const T* edge = all_bins.edges_of(feature);
      const std::uint32_t bin = bin_of(x, edge, bins);
      gradient += to_f32(gradients[bin]) / (to_f32(edge[bin + 1]) - to_f32(edge[bin]));
    }
    grad_input[i] = from_f32<T>(x != x ? x : gradient);
  }
}

template <class T, class Parameters>
Bins<T> bins_of(const Parameters& p) {
  return {p.edges.template as<T>(), p.counts.template as<std::int32_t>(),
          static_cast<std::uint32_t>(p.edges.shape[1] - 1)};
}

/// Calls body.operator()<kVector>() with the vector for numbers of `width` components.
template <class T, class Body>
void with_vector(std::uint32_t width, Body&& body) {
  if constexpr (kPackOf<T> == 8) {
    if (width % 8 == 0) return body.template operator()<8>();
  }
  if (width % 4 == 0) return body.template operator()<4>();
  if (width % 2 == 0) return body.template operator()<2>();
  body.template operator()<1>();
}

}  // namespace

void piecewise_linear_encoding(Context& context, const PiecewiseLinearEncodingForward& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    const EncodedRows rows(p.output.shape);
    launch(context,
           {"piecewise_linear_encoding", encoding_grid<T>(context, rows), kEncodingThreads},
           encode<T>, p.input.as<T>(), Components<T>{bins_of<T>(p)}, p.output.as<T>(), rows);
  });
}

void piecewise_linear_encoding_backward(Context& context,
                                        const PiecewiseLinearEncodingBackward& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    constexpr const char* kName = "piecewise_linear_encoding_backward";
    const EncodedRows rows(p.grad_output.shape);
    const Bins<T> bins = bins_of<T>(p);
    if (rows.width * sizeof(T) > kNarrowBytes) {
      const unsigned grid = grid_for(context, rows.numbers, kEncodingThreads);
      return launch(context, {kName, grid, kEncodingThreads}, find_wide_grad_input<T>,
                    p.input.as<T>(), bins, p.grad_output.as<T>(), p.grad_input.as<T>(), rows);
    }
    const NumberTile<T> tile(rows);
    const unsigned grid =
        encoding_grid(encoding_blocks(context), rows.numbers, tile.numbers, rows.features);
    // The last vector may go on behind the last edge.
    const std::size_t edge_bytes =
        sizeof(float) * (tile.excerpt_numbers(rows) * ((rows.width - 1) | 1u) + kPackOf<T>);
    with_vector<T>(rows.width, [&]<int kVector>() {
      launch(context, {kName, grid, kEncodingThreads, edge_bytes},
             find_narrow_grad_input<kVector, T>, p.input.as<T>(), bins, p.grad_output.as<T>(),
             p.grad_input.as<T>(), rows, tile);
    });
  });
}

}  // namespace ebb::kernels::cuda

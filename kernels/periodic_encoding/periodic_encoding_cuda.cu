// Periodic encoding on CUDA.
//
// Forward (kernels/common/cuda/encoded_rows.cuh), a thread keeps its frequencies in registers:
// sizeof(T) bytes per component, and some 25 instructions: one polynomial for each component, whose
// coefficients make it the sine's or the cosine's.
//
// Backward, the two gradients are two kernels, since models whose inputs are data need one of them.
// grad_input: 1 to 32 lanes, by k, add up the pairs of one number. grad_frequencies: a block takes
// 32 pairs and a chunk of rows, each of its 8 warps every eighth row; partial sums by chunk are
// added by a second launch, in order of their index modulo 8, then of that. A chunk has 256 rows,
// or more where rows are over 131072, so sums depend on the shape alone. Both read 2 * sizeof(T)
// bytes per component. Rows of an odd width have no alignment, so reads are of single elements by
// neighbouring lanes; the halves of sectors that a warp leaves are read from the first-level cache.
#include <numbers>

#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/encoded_rows.cuh"
#include "kernels/periodic_encoding/periodic_encoding_backends.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

/// sin(2 pi turns), or the cosine: the polynomials of kernels/common/vector_math.h. NaN and
/// infinities give NaN.
__device__ inline float wave(float turns, bool cosine) {
  const float part = turns - rintf(turns);
  const float quarters = rintf(4.0F * part);
  const float angle = fmaf(quarters, -0.25F, part) * (2.0F * std::numbers::pi_v<float>);
  // Each quarter turn takes (sin, cos) to (cos, -sin).
  const int quadrant = static_cast<int>(quarters) + (cosine ? 1 : 0);
  const bool odd = (quadrant & 1) != 0;  // takes the cosine
  const float square = angle * angle;
  float p = odd ? -1.0F / 3628800.0F : 0.0F;
  p = fmaf(p, square, odd ? 1.0F / 40320.0F : 1.0F / 362880.0F);
  p = fmaf(p, square, odd ? -1.0F / 720.0F : -1.0F / 5040.0F);
  p = fmaf(p, square, odd ? 1.0F / 24.0F : 1.0F / 120.0F);
  p = fmaf(p, square, odd ? -0.5F : -1.0F / 6.0F);
  const float last = odd ? 1.0F : angle;
  const float value = fmaf(p, square * last, last);
  return (quadrant & 2) != 0 ? -value : value;
}

/// One component of a number.
struct Component {
  enum Kind : std::uint8_t { sine, cosine, one };

  __device__ float operator()(float number) const {
    return kind == one ? 1.0F : wave(frequency * number, kind == cosine);
  }

  float frequency;
  Kind kind;
};

/// The frequencies [features, k] of all features, or an excerpt.
template <class T>
struct Components {
  __device__ std::uint32_t per_feature() const { return k; }
  __device__ Components kept(const TableExcerpt& excerpt, TableMemory<T>& memory) const {
    excerpt.copy(frequencies, k, [&](std::uint32_t i, T entry) { memory.entries[i] = entry; });
    return {memory.entries, k};
  }
  __device__ Component operator()(std::uint32_t feature, std::uint32_t place) const {
    if (place == 2 * k) return {0.0F, Component::one};
    const bool cosine = place >= k;
    const std::int64_t j = std::int64_t{feature} * k + (cosine ? place - k : place);
    return {to_f32(frequencies[j]), cosine ? Component::cosine : Component::sine};
  }

  const T* frequencies;
  std::uint32_t k;
};

template <class T>
__global__ void __launch_bounds__(kEncodingThreads, kEncodingBlocks)
    encode(const T* input, Components<T> components, T* output, EncodedRows rows) {
  write_components<Component>(input, output, rows, components);
}

template <class T>
struct Backward {
  explicit Backward(const PeriodicEncodingBackward& p)
      : input(p.input.as<T>()),
        frequencies(p.frequencies.as<T>()),
        output(p.output.as<T>()),
        grad_output(p.grad_output.as<T>()),
        rows(p.input.shape[0]),
        features(p.input.shape[1]),
        k(p.frequencies.shape[1]) {}

  /// That of the angle of pair `j` of input element `i`, in turns.
  __device__ float derivative(std::int64_t i, std::int64_t j) const {
    const std::int64_t sine = i * (2 * k + 1) + j;
    const float along = to_f32(grad_output[sine]) * to_f32(output[sine + k]);
    const float across = to_f32(grad_output[sine + k]) * to_f32(output[sine]);
    return 2.0F * std::numbers::pi_v<float> * (along - across);
  }

  const T* input;
  const T* frequencies;
  const T* output;
  const T* grad_output;
  std::int64_t rows;
  std::int64_t features;
  std::int64_t k;
};

constexpr int kThreads = 256;

/// `kLanes` lanes take one number at a time.
template <int kLanes, class T>
__global__ void __launch_bounds__(kThreads) find_grad_input(Backward<T> p, T* grad_input) {
  constexpr int kNumbers = kThreads / kLanes;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const std::int64_t count = p.rows * p.features;
  const std::int64_t stride = std::int64_t{gridDim.x} * kNumbers;
  for (std::int64_t first = std::int64_t{blockIdx.x} * kNumbers; first < count; first += stride) {
    const std::int64_t i = first + threadIdx.x / kLanes;
    float sum = 0.0F;
    if (i < count) {
      const T* frequencies = p.frequencies + i % p.features * p.k;
      for (std::int64_t j = lane; j < p.k; j += kLanes) {
        sum = fmaf(to_f32(frequencies[j]), p.derivative(i, j), sum);
      }
    }
    sum = warp_reduce<Sum, kLanes>(sum);
    if (lane == 0 && i < count) grad_input[i] = from_f32<T>(sum);
  }
}

constexpr int kColumns = kWarpSize;  // pairs of a block
constexpr int kRowThreads = 8;

/// Adds up `value` over threadIdx.y, in order; threads with y = 0 get the sum.
__device__ inline float sum_over_rows(float value) {
  __shared__ float scratch[kRowThreads][kColumns];
  scratch[threadIdx.y][threadIdx.x] = value;
  __syncthreads();
  if (threadIdx.y != 0) return 0.0F;
  for (int y = 1; y < kRowThreads; ++y) value += scratch[y][threadIdx.x];
  return value;
}

/// partials[chunk, pair]: the shares of rows [chunk * chunk_rows, (chunk + 1) * chunk_rows).
template <class T>
__global__ void __launch_bounds__(kColumns* kRowThreads)
    sum_chunks(Backward<T> p, std::int64_t chunk_rows, float* partials) {
  const std::int64_t pairs = p.features * p.k;
  const std::int64_t pair = std::int64_t{blockIdx.x} * kColumns + threadIdx.x;
  float sum = 0.0F;
  if (pair < pairs) {
    const std::int64_t feature = pair / p.k;
    const std::int64_t j = pair - feature * p.k;
    const std::int64_t begin = blockIdx.y * chunk_rows;
    const std::int64_t end = min(p.rows, begin + chunk_rows);
#pragma unroll 4
    for (std::int64_t row = begin + threadIdx.y; row < end; row += kRowThreads) {
      const std::int64_t i = row * p.features + feature;
      sum = fmaf(to_f32(p.input[i]), p.derivative(i, j), sum);
    }
  }
  sum = sum_over_rows(sum);
  if (threadIdx.y == 0 && pair < pairs) partials[blockIdx.y * pairs + pair] = sum;
}

template <class T>
__global__ void __launch_bounds__(kColumns* kRowThreads)
    add_chunks(const float* partials, std::int64_t chunks, std::int64_t pairs, bool accumulate,
               T* grad_frequencies) {
  const std::int64_t pair = std::int64_t{blockIdx.x} * kColumns + threadIdx.x;
  float sum = 0.0F;
  if (pair < pairs) {
    for (std::int64_t chunk = threadIdx.y; chunk < chunks; chunk += kRowThreads) {
      sum += partials[chunk * pairs + pair];
    }
  }
  sum = sum_over_rows(sum);
  if (threadIdx.y != 0 || pair >= pairs) return;
  if (accumulate) sum = to_f32(grad_frequencies[pair]) + sum;
  grad_frequencies[pair] = from_f32<T>(sum);
}

template <class T>
void run_grad_input(Context& context, const PeriodicEncodingBackward& p) {
  const Backward<T> operands(p);
  const auto run = [&]<int kLanes>() {
    const unsigned grid = grid_for(context, p.input.elements(), kThreads / kLanes);
    launch(context, {"periodic_encoding_backward", grid, kThreads}, find_grad_input<kLanes, T>,
           operands, p.grad_input.as<T>());
  };
  if (operands.k > 8) return run.template operator()<kWarpSize>();
  run.template operator()<8>();
}

template <class T>
void run_grad_frequencies(Context& context, const PeriodicEncodingBackward& p) {
  constexpr std::int64_t kChunkRows = 256;
  constexpr std::int64_t kMostChunks = 512;
  const Backward<T> operands(p);
  const std::int64_t pairs = p.frequencies.elements();
  const std::int64_t chunk_rows =
      kChunkRows * std::max<std::int64_t>(1, blocks_of(operands.rows, kChunkRows * kMostChunks));
  const std::int64_t chunks = blocks_of(operands.rows, chunk_rows);
  auto* partials =
      context.workspace().acquire_array<float>(static_cast<std::size_t>(chunks * pairs));
  const auto columns = static_cast<unsigned>(blocks_of(pairs, kColumns));
  const dim3 block(kColumns, kRowThreads);
  launch(context,
         {"periodic_encoding_backward", dim3(columns, static_cast<unsigned>(chunks)), block},
         sum_chunks<T>, operands, chunk_rows, partials);
  launch(context, {"periodic_encoding_backward", columns, block}, add_chunks<T>, partials, chunks,
         pairs, p.accumulate, p.grad_frequencies.as<T>());
}

}  // namespace

void periodic_encoding(Context& context, const PeriodicEncodingForward& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    const EncodedRows rows(p.output.shape);
    launch(context, {"periodic_encoding", encoding_grid<T>(context, rows), kEncodingThreads},
           encode<T>, p.input.as<T>(), Components<T>{p.frequencies.as<T>(), rows.width / 2},
           p.output.as<T>(), rows);
  });
}

void periodic_encoding_backward(Context& context, const PeriodicEncodingBackward& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    if (p.grad_input.present()) run_grad_input<T>(context, p);
    if (p.grad_frequencies.present()) run_grad_frequencies<T>(context, p);
  });
}

}  // namespace ebb::kernels::cuda

// Periodic encoding on CUDA.
//
// Forward (kernels/common/cuda/encoded_rows.cuh), a thread keeps its frequencies in registers:
// sizeof(T) bytes per component, and some 25 instructions: one polynomial for each component, whose
// coefficients make it the sine's or the cosine's.
//
// Backward, the two gradients are two kernels, since models whose inputs are data need one of them.
// Both read 2 * sizeof(T) bytes per component. grad_input: 1 to 32 lanes, by k, add up the pairs of
// one number; the halves of sectors that a warp leaves are read from the first-level cache.
// grad_frequencies: blocks take tiles of whole numbers and whole sectors, a component a lane, and
// go on by whole rows, so that a thread's components are of the same pairs in every tile: it adds
// up its gradients times the other outputs of the pairs, which it gets through shared memory. A
// block adds up its numbers of one feature and leaves one row of partial sums. How many blocks
// there are depends on the shape alone, and so do the sums.
#include <numbers>

#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/encoded_rows.cuh"
#include "kernels/common/cuda/partial_sums.h"
#include "kernels/common/cuda/ptx.cuh"
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

constexpr int kSumThreads = 512;
constexpr int kSumOfThread = 4;  // components of a tile
constexpr std::uint32_t kSumTile = kSumThreads * kSumOfThread;

/// What a block of sum_tiles() takes at once: all components of neighbouring numbers, whole sectors
/// of them; or, where a number has more than a tile, as many of its sines and of their cosines.
template <class T>
struct SumTile {
  explicit SumTile(std::uint32_t k)
      : pairs(std::min(k, kSumTile / 2)),
        width(2 * k < kSumTile ? 2 * k + 1 : kSumTile),
        numbers(std::min<std::uint32_t>(kSumTile / width, kSumThreads)),
        cosines(width < kSumTile ? 0 : k - pairs) {
    if (numbers > kSectorOf<T>) numbers -= numbers % kSectorOf<T>;
  }

  std::uint32_t pairs;  // of a number
  std::uint32_t width;  // components of a number
  std::uint32_t numbers;
  std::uint32_t cosines;  // how much later than in the tile the cosines lie in memory
};

/// partials[row, pair]: a block's sums. Where its tile has all features, they make a row; else the
/// blocks' numbers follow each other as they do in the input.
template <class T>
__global__ void __launch_bounds__(kSumThreads, 2)
    sum_tiles(Backward<T> p, SumTile<T> tile, float* partials) {
  __shared__ float outputs[kSumTile];
  __shared__ float numbers[kSumThreads + 1];
  const auto k = static_cast<std::uint32_t>(p.k);
  const std::uint32_t first_pair = blockIdx.y * tile.pairs;
  const std::int64_t count = p.rows * p.features;
  const std::int64_t first = std::int64_t{blockIdx.x} * tile.numbers;
  // The thread's components of every tile, kSumThreads apart: the number of each, and where the
  // cosine of a sine or the sine of a cosine is.
  std::uint32_t number[kSumOfThread];
  std::uint32_t partner[kSumOfThread];
#pragma unroll
  for (int i = 0; i < kSumOfThread; ++i) {
    const std::uint32_t at = threadIdx.x + i * kSumThreads;
    const std::uint32_t place = at % tile.width;
    const bool is_sine = place < tile.pairs;
    const bool is_constant = place == 2 * tile.pairs;
    const bool in_number = is_constant || first_pair + place % tile.pairs < k;
    number[i] = at < tile.numbers * tile.width && in_number ? at / tile.width : tile.numbers;
    partner[i] = is_sine && at + tile.pairs < kSumTile ? at + tile.pairs : at - tile.pairs;
    // What comes of a constant is not used: it reads what its neighbour reads, in no other bank.
    const std::uint32_t of_neighbour = __shfl_xor_sync(kAllLanes, partner[i], 1);
    if (is_constant) partner[i] = of_neighbour;
  }
  ptx::make_opaque(number);
  ptx::make_opaque(partner);
  float sums[kSumOfThread] = {};
  for (std::int64_t at = first; at < count; at += std::int64_t{gridDim.x} * tile.numbers) {
    const auto present = static_cast<std::uint32_t>(min(std::int64_t{tile.numbers}, count - at));
    const std::int64_t begin = at * (2 * p.k + 1) + first_pair + threadIdx.x;
    float values[kSumOfThread] = {};
    float gradients[kSumOfThread] = {};
#pragma unroll
    for (int i = 0; i < kSumOfThread; ++i) {
      if (number[i] >= present) continue;
      const std::int64_t from = begin + (i < kSumOfThread / 2 ? 0 : tile.cosines);
      values[i] = to_f32(p.output[from + i * kSumThreads]);
      gradients[i] = to_f32(p.grad_output[from + i * kSumThreads]);
    }
    const float x = threadIdx.x < present ? to_f32(p.input[at + threadIdx.x]) : 0.0F;
    __syncthreads();  // all are done with the tile before
    numbers[threadIdx.x] = x;
#pragma unroll
    for (int i = 0; i < kSumOfThread; ++i) outputs[threadIdx.x + i * kSumThreads] = values[i];
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kSumOfThread; ++i) {
      sums[i] = fmaf(numbers[number[i]], gradients[i] * outputs[partner[i]], sums[i]);
    }
  }
  __syncthreads();  // all are done with the outputs
  // Sums of sines, then of cosines, by pair.
  float* const of_sines = outputs;
  float* const of_cosines = outputs + kSumTile / 2;
  for (const bool cosines : {false, true}) {
#pragma unroll
    for (int i = 0; i < kSumOfThread; ++i) {
      const std::uint32_t at = threadIdx.x + i * kSumThreads;
      const std::uint32_t j = at - number[i] * tile.width - (cosines ? tile.pairs : 0);
      if (number[i] >= tile.numbers || j >= tile.pairs) continue;
      (cosines ? of_cosines : of_sines)[number[i] * tile.pairs + j] = sums[i];
    }
  }
  __syncthreads();
  // Numbers of one feature are a row apart.
  const auto features = static_cast<std::uint32_t>(p.features);
  const bool has_all_features = tile.numbers >= features;
  const std::uint32_t end = tile.numbers * tile.pairs;
  const std::uint32_t row_pairs = min(tile.numbers, features) * tile.pairs;
  for (std::uint32_t pair = threadIdx.x; pair < row_pairs; pair += kSumThreads) {
    const std::int64_t of = first + pair / tile.pairs;
    const std::uint32_t j = first_pair + pair % tile.pairs;
    if ((of >= count && !has_all_features) || j >= k) continue;
    float sum = 0.0F;
    for (std::uint32_t same = pair; same < end; same += row_pairs) {
      sum += of_sines[same] - of_cosines[same];
    }
    const std::int64_t row = has_all_features ? blockIdx.x : of / features;
    partials[(row * features + of % features) * p.k + j] = 2.0F * std::numbers::pi_v<float> * sum;
  }
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
  constexpr std::int64_t kMostBlocks = 192;  // fewer than are resident on the larger GPUs
  constexpr std::int64_t kLeastTiles = 2;    // of a block, for one row of partial sums
  const Backward<T> operands(p);
  const std::int64_t pairs = p.frequencies.elements();
  if (pairs == 0) return;
  const SumTile<T> tile(static_cast<std::uint32_t>(operands.k));
  const std::int64_t count = p.input.elements();
  const std::int64_t parts = blocks_of(operands.k, tile.pairs);
  const std::int64_t most = std::min(blocks_of(count, tile.numbers * kLeastTiles),
                                     std::max<std::int64_t>(kMostBlocks / parts, 1));
  const unsigned blocks = encoding_grid(most, count, tile.numbers, operands.features);
  const std::int64_t rows =
      tile.numbers < operands.features
          ? std::min(operands.rows, std::int64_t{blocks} * tile.numbers / operands.features)
          : blocks;
  auto* partials = context.workspace().acquire_array<float>(static_cast<std::size_t>(rows * pairs));
  launch(context, {"periodic_encoding_backward", {blocks, parts}, kSumThreads}, sum_tiles<T>,
         operands, tile, partials);
  sum_partial_rows(context, partials, rows, pairs, p.grad_frequencies, p.accumulate);
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

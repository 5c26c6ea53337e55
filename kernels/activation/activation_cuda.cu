// Activations on CUDA: one pass over memory, computed in f32 and rounded once.
//
// Forward: a thread takes packs of 16 bytes, by a stride of the whole grid; the last pack, and all
// where an operand is not aligned so, go element by element. The bias of narrow rows goes through
// shared memory, from where all threads of a block take it; of wide rows a thread keeps its own
// where strides are whole rows. 2 (3 with the derivative) * sizeof(T) bytes per element. GELU with
// its derivative takes some 60 instructions an element, dropout 38 in f32, where a Philox block is
// drawn for each pack of 4, and 21 in bf16, where a pack is a whole block; so GELU in bf16 is bound
// by arithmetic.
//
// Backward without grad_bias is a product (map.cuh), 3 * sizeof(T) bytes. With it, a block has
// `lanes` x (256 / lanes) threads: a thread goes down the rows of its block of rows, one pack of
// columns wide, and keeps their sums; the block adds those in shared memory, in order, to one row
// of partial sums, of which a second kernel adds at most 1024, in order. The shape alone decides:
//   pack    16 bytes where rows and operands are aligned so, else 1 element;
//   lanes   32, or the 16 or 8 that cover the columns;
//   rows    eight to a thread, or the multiple of that which leaves 1024 blocks of rows.
// (1024 rows of partial sums and more are below 3 % of the bytes moved.)
#include <algorithm>
#include <numeric>

#include "kernels/activation/activation_backends.h"
#include "kernels/activation/activation_functions.cuh"
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/dropout.cuh"
#include "kernels/common/cuda/map.cuh"
#include "kernels/common/cuda/partial_sums.h"
#include "kernels/common/cuda/repeated.cuh"
#include "kernels/common/cuda/runtime.h"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;
constexpr int kForwardBlocks = 3;  // of a multiprocessor: for four the compiler would spill

/// Columns whose bias goes through shared memory: no more than a block passes at once.
template <class T>
inline constexpr int kNarrow = kThreads* kPackOf<T>;

template <class T>
struct ForwardOperands {
  const T* input;
  const T* bias;  // null: none
  T* derivative;  // null: not asked for
  T* output;
  std::int64_t count;
  Columns columns;
  bool bias_in_packs;
  bool aligned;  // the others
};

template <int kPack, class T>
__device__ void load_some(const T* from, bool whole, std::int64_t left, float (&values)[kPack]) {
  if (whole) return load_pack(from, values);
#pragma unroll
  for (int i = 0; i < kPack; ++i) values[i] = i < left ? to_f32(from[i]) : 0.0F;
}

template <int kPack, class T>
__device__ void store_some(T* to, bool whole, std::int64_t left, const float (&values)[kPack]) {
  if (whole) return store_pack(to, values);
#pragma unroll
  for (int i = 0; i < kPack; ++i) {
    if (i < left) to[i] = from_f32<T>(values[i]);
  }
}

template <Activation kKind, class T>
__global__ void __launch_bounds__(kThreads, kForwardBlocks)
    activation_kernel(ForwardOperands<T> p, DropoutSpec dropout) {
  constexpr int kPack = kPackOf<T>;
  __shared__ alignas(16) T narrow_bias[kNarrow<T>];
  const T* biases = p.bias;
  if (p.bias != nullptr && p.columns.period <= kNarrow<T>) {
    for (int c = static_cast<int>(threadIdx.x); c < p.columns.period; c += kThreads) {
      narrow_bias[c] = p.bias[c];
    }
    __syncthreads();
    biases = narrow_bias;
  }
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads * kPack;
  std::int64_t at = (std::int64_t{blockIdx.x} * kThreads + threadIdx.x) * kPack;
  std::int64_t column = p.bias != nullptr ? p.columns.first(at) : 0;
  float bias[kPack];
  bool at_new_columns = true;
  for (; at < p.count; at += stride) {
    const std::int64_t left = p.count - at;
    const bool whole = p.aligned && left >= kPack;
    float values[kPack];
    load_some(p.input + at, whole, left, values);
    if (p.bias != nullptr) {
      if (at_new_columns) {
        load_repeated(biases, column, p.columns.period, p.bias_in_packs, bias);
      }
      at_new_columns = p.columns.step != 0;
      column = p.columns.next(column);
#pragma unroll
      for (int i = 0; i < kPack; ++i) values[i] += bias[i];
    }
    float derivatives[kPack];
#pragma unroll
    for (int i = 0; i < kPack; ++i) {
      const Activated y = activate<kKind>(values[i]);
      values[i] = y.value;
      derivatives[i] = y.derivative;
    }
    if (dropout.active()) {
      float factors[kPack];
      dropout_factors(dropout, static_cast<std::uint64_t>(at), factors);
#pragma unroll
      for (int i = 0; i < kPack; ++i) {
        values[i] *= factors[i];
        derivatives[i] *= factors[i];
      }
    }
    if (p.derivative != nullptr) store_some(p.derivative + at, whole, left, derivatives);
    store_some(p.output + at, whole, left, values);
  }
}

/// With a bias, no more than one block for each eight rows that it reads it for, unless
/// multiprocessors would lack work; and whole rows to a stride, where a wide bias is read for each.
template <class T>
unsigned forward_blocks(const Context& context, std::int64_t count, std::int64_t columns) {
  const std::int64_t most = grid_for(context, blocks_of(count, kPackOf<T>), kThreads);
  if (columns == 0) return static_cast<unsigned>(most);
  const std::int64_t resident =
      std::int64_t{kForwardBlocks} * multiprocessor_count(context.device());
  const std::int64_t sparing = count / (8 * std::min<std::int64_t>(columns, kNarrow<T>));
  const std::int64_t blocks = std::min(most, std::max(resident, sparing));
  const std::int64_t whole = columns / std::gcd<std::int64_t>(columns, kNarrow<T>);
  const bool rounded = columns > kNarrow<T> && blocks >= 4 * whole;  // else too many would be idle
  return static_cast<unsigned>(rounded ? blocks / whole * whole : blocks);
}

template <Activation kKind, class T>
void run_forward(const Context& context, const ActivationForward& p) {
  constexpr int kPack = kPackOf<T>;
  const std::int64_t count = p.input.elements();
  if (count == 0) return;
  const std::int64_t columns = p.bias.present() ? p.bias.elements() : 0;
  const unsigned blocks = forward_blocks<T>(context, count, columns);
  const std::int64_t period = std::max<std::int64_t>(columns, 1);
  const ForwardOperands<T> operands{
      .input = p.input.as<T>(),
      .bias = p.bias.as<T>(),
      .derivative = p.derivative.as<T>(),
      .output = p.output.as<T>(),
      .count = count,
      .columns = columns_of(period, std::int64_t{blocks} * kThreads * kPack),
      .bias_in_packs = period % kPack == 0 && aligned_to(16, p.bias.data),
      .aligned = aligned_to(16, p.input.data, p.derivative.data, p.output.data)};
  launch(context, {"activation", blocks, kThreads}, activation_kernel<kKind, T>, operands,
         p.dropout);
}

/// How the backward direction with grad_bias is divided.
struct Division {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t rows_per_block = 0;
  int lanes = 32;

  std::int64_t row_blocks() const { return blocks_of(rows, rows_per_block); }
};

/// `pack`: elements of 16 bytes. Operands that are not aligned so are divided alike.
Division division_of(std::int64_t count, std::int64_t columns, int pack) {
  constexpr std::int64_t kMostRowBlocks = 1024;
  constexpr std::int64_t kRowsPerThread = 8;
  Division division;
  division.columns = columns;
  division.rows = columns == 0 ? 0 : count / columns;
  for (const int lanes : {16, 8}) {
    if (lanes * (columns % pack == 0 ? pack : 1) >= columns) division.lanes = lanes;
  }
  const std::int64_t least = kThreads / division.lanes * kRowsPerThread;
  division.rows_per_block =
      least * std::max<std::int64_t>(1, blocks_of(division.rows, least * kMostRowBlocks));
  return division;
}

/// Places of a block's sums in shared memory: sum `j` of the pack of thread (lane, row). Both the
/// lanes of a warp that write one j and those that read neighbouring columns meet in no bank.
template <int kPack>
struct SumPlaces {
  int lanes;
  __host__ __device__ int per_sum() const {
    constexpr int kReaders = 32 / kPack;
    return lanes <= kReaders ? kReaders : 32 + (kPack == 1 ? 0 : kReaders);
  }
  __host__ __device__ int per_row() const { return kPack * per_sum() + lanes % 32; }
  __host__ __device__ int at(int row, int j, int lane) const {
    return row * per_row() + j * per_sum() + lane;
  }
};

template <int kPack, class T>
__global__ void __launch_bounds__(kThreads)
    backward_kernel(const T* derivative, const T* grad_output, T* grad_input, float* partial_sums,
                    Division division) {
  extern __shared__ float scratch[];
  const SumPlaces<kPack> places{division.lanes};
  const int rows_at_once = kThreads / division.lanes;
  const int lane = static_cast<int>(threadIdx.x) % division.lanes;
  const int thread_row = static_cast<int>(threadIdx.x) / division.lanes;
  const int width = division.lanes * kPack;
  const std::int64_t first_column = std::int64_t{blockIdx.x} * width;
  const std::int64_t column = first_column + lane * kPack;
  const std::int64_t first_row = std::int64_t{blockIdx.y} * division.rows_per_block;
  const std::int64_t last_row = min(first_row + division.rows_per_block, division.rows);

  float sums[kPack] = {};
  if (column < division.columns) {
    for (std::int64_t row = first_row + thread_row; row < last_row; row += rows_at_once) {
      const std::int64_t at = row * division.columns + column;
      float gradients[kPack];
      float slopes[kPack];
      load_pack(grad_output + at, gradients);
      load_pack(derivative + at, slopes);
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        gradients[j] *= slopes[j];
        sums[j] += gradients[j];
      }
      store_pack(grad_input + at, gradients);
    }
  }
#pragma unroll
  for (int j = 0; j < kPack; ++j) scratch[places.at(thread_row, j, lane)] = sums[j];
  __syncthreads();
  const int mine = static_cast<int>(threadIdx.x);
  if (mine >= width || first_column + mine >= division.columns) return;
  float sum = 0.0F;
  for (int row = 0; row < rows_at_once; ++row) {
    sum += scratch[places.at(row, mine % kPack, mine / kPack)];
  }
  partial_sums[blockIdx.y * division.columns + first_column + mine] = sum;
}

template <int kPack, class T>
void run_backward_with_bias(Context& context, const ActivationBackward& p) {
  const Division division =
      division_of(p.grad_output.elements(), p.grad_bias.elements(), kPackOf<T>);
  const std::int64_t row_blocks = division.row_blocks();
  auto* partial_sums = context.workspace().acquire_array<float>(
      static_cast<std::size_t>(row_blocks * division.columns));
  const std::int64_t column_blocks = blocks_of(division.columns, division.lanes * kPack);
  const SumPlaces<kPack> places{division.lanes};
  const int shared_floats = kThreads / division.lanes * places.per_row();
  launch(context,
         {"activation_backward",
          {column_blocks, row_blocks},
          kThreads,
          static_cast<std::size_t>(shared_floats) * sizeof(float)},
         backward_kernel<kPack, T>, p.derivative.as<T>(), p.grad_output.as<T>(),
         p.grad_input.as<T>(), partial_sums, division);
  sum_partial_rows(context, partial_sums, row_blocks, division.columns, p.grad_bias, p.accumulate);
}

struct Multiply {
  __device__ float operator()(float a, float b) const { return a * b; }
};

template <class T>
void run_backward(Context& context, const ActivationBackward& p) {
  if (!p.grad_bias.present()) {
    return map_elements(context, "activation_backward", Multiply(), p.grad_output.elements(),
                        p.grad_input.as<T>(), p.derivative.as<T>(), p.grad_output.as<T>());
  }
  const bool in_packs = p.grad_bias.elements() % kPackOf<T> == 0 &&
                        aligned_to(16, p.derivative.data, p.grad_output.data, p.grad_input.data);
  if (in_packs) return run_backward_with_bias<kPackOf<T>, T>(context, p);
  run_backward_with_bias<1, T>(context, p);
}

}  // namespace

void activation(Context& context, const ActivationForward& p) {
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    switch (p.kind) {
      case Activation::identity:
        return run_forward<Activation::identity, T>(context, p);
      case Activation::relu:
        return run_forward<Activation::relu, T>(context, p);
      case Activation::gelu:
        return run_forward<Activation::gelu, T>(context, p);
      case Activation::silu:
        return run_forward<Activation::silu, T>(context, p);
    }
  });
}

void activation_backward(Context& context, const ActivationBackward& p) {
  for_storage(p.grad_output.dtype,
              [&]<class T>(std::type_identity<T>) { run_backward<T>(context, p); });
}

}  // namespace ebb::kernels::cuda

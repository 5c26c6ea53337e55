// Moments of columns on CUDA. Half a warp takes a block of kBlockRows rows, a lane each of the
// sixteen sums of block_sums.cpp, over which the lanes' sums are then added in order: the same
// operations in the same order. The second pass finds the block, 16 KiB, in the caches: 16 bytes
// read a value, half of them from memory.
#include <limits>

#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "preprocessing/statistics/column_moments_backends.h"
#include "preprocessing/statistics/moments.h"

namespace ebb::preprocessing::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 128;
constexpr int kSums = 16;  // side by side
constexpr int kBlocksAtOnce = kThreads / kSums;
constexpr int kAhead = 8;  // values that a lane loads before it adds them
constexpr std::int64_t kRows = kBlockRows;

/// visit(value) for the lane's values of a block of `count` rows, in order.
template <class Visit>
__device__ inline void visit_lane(const double* values, int count, int lane, Visit&& visit) {
  int row = lane;
  for (; row + (kAhead - 1) * kSums < count; row += kAhead * kSums) {
    double loaded[kAhead];
#pragma unroll
    for (int i = 0; i < kAhead; ++i) loaded[i] = values[row + i * kSums];
#pragma unroll
    for (int i = 0; i < kAhead; ++i) visit(loaded[i]);
  }
  for (; row < count; row += kSums) visit(values[row]);
}

/// combine() of the sixteen lanes' values in order, in each of them.
template <class Combine>
__device__ inline double reduce_lanes(double value, Combine combine) {
  double result = __shfl_sync(kAllLanes, value, 0, kSums);
  for (int lane = 1; lane < kSums; ++lane) {
    result = combine(result, __shfl_sync(kAllLanes, value, lane, kSums));
  }
  return result;
}

__device__ inline double total(double value) {
  return reduce_lanes(value, [](double a, double b) { return a + b; });
}

__global__ void __launch_bounds__(kThreads)
    sum_blocks(const MomentColumn* columns, std::int64_t rows, std::int64_t blocks,
               BlockMoments* sums) {
  const int lane = static_cast<int>(threadIdx.x) % kSums;
  const std::int64_t block = std::int64_t{blockIdx.x} * kBlocksAtOnce + threadIdx.x / kSums;
  const MomentColumn column = columns[blockIdx.y];
  const std::int64_t left = rows - block * kRows;  // none for those beyond the last block
  const auto count = static_cast<int>(max(std::int64_t{0}, min(kRows, left)));
  const double* const values = column.values + block * kRows;
  double number = 0.0;
  double sum = 0.0;
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  visit_lane(values, count, lane, [&](double value) {
    const bool is_value = value == value;
    number += is_value ? 1.0 : 0.0;
    sum += is_value ? value * column.scale - column.origin : 0.0;
    least = value < least ? value : least;
    most = value > most ? value : most;
  });
  BlockMoments result;
  result.count = total(number);
  result.minimum = reduce_lanes(least, [](double a, double b) { return b < a ? b : a; });
  result.maximum = reduce_lanes(most, [](double a, double b) { return a < b ? b : a; });
  sum = total(sum);
  result.mean = result.count == 0.0 ? 0.0 : sum / result.count;
  double squares = 0.0;
  double cubes = 0.0;
  visit_lane(values, count, lane, [&](double value) {
    const double moved = value * column.scale - column.origin;
    const double distance = value == value ? moved - result.mean : 0.0;
    const double square = distance * distance;
    squares += square;
    cubes += square * distance;
  });
  result.squares = total(squares);
  result.cubes = total(cubes);
  if (lane == 0 && count > 0) sums[blockIdx.y * blocks + block] = result;
}

__global__ void __launch_bounds__(kThreads)
    find_first(const MomentColumn* columns, std::int64_t rows, double* first) {
  __shared__ int place;
  const double* const values = columns[blockIdx.x].values;
  for (std::int64_t row = 0; row < rows; row += kThreads) {
    if (threadIdx.x == 0) place = kThreads;
    __syncthreads();
    const std::int64_t mine = row + threadIdx.x;
    const double value = mine < rows ? values[mine] : std::numeric_limits<double>::quiet_NaN();
    if (value == value) atomicMin(&place, static_cast<int>(threadIdx.x));
    __syncthreads();
    const int found = place;
    if (found == static_cast<int>(threadIdx.x)) first[blockIdx.x] = value;
    if (found < kThreads) return;
    __syncthreads();  // all have read the place
  }
  if (threadIdx.x == 0) first[blockIdx.x] = 0.0;
}

/// The columns and `count` results of T in the context's workspace, in this order.
template <class T>
struct Memory {
  Memory(Context& context, std::span<const MomentColumn> from, std::size_t results) {
    auto* bytes = static_cast<std::byte*>(
        context.workspace().acquire(from.size_bytes() + results * sizeof(T)));
    columns = reinterpret_cast<MomentColumn*>(bytes);
    result = reinterpret_cast<T*>(bytes + from.size_bytes());
    ebb::cuda::copy(context.stream(), columns, from.data(), from.size_bytes());
    host.resize(results);
  }
  std::vector<T> download(Context& context) {
    ebb::cuda::copy(context.stream(), host.data(), result, host.size() * sizeof(T));
    context.synchronize();
    return std::move(host);
  }

  MomentColumn* columns;
  T* result;
  std::vector<T> host;
};

}  // namespace

std::vector<double> first_values(Context& context, std::span<const MomentColumn> columns,
                                 std::int64_t rows) {
  Memory<double> memory(context, columns, columns.size());
  launch(context, {"first_values", static_cast<std::int64_t>(columns.size()), kThreads}, find_first,
         memory.columns, rows, memory.result);
  return memory.download(context);
}

std::vector<BlockMoments> block_moments(Context& context, std::span<const MomentColumn> columns,
                                        std::int64_t rows) {
  const std::int64_t blocks = (rows + kRows - 1) / kRows;
  const std::int64_t grid = (blocks + kBlocksAtOnce - 1) / kBlocksAtOnce;
  Memory<BlockMoments> memory(context, columns, columns.size() * static_cast<std::size_t>(blocks));
  launch(context, {"block_moments", {grid, static_cast<std::int64_t>(columns.size())}, kThreads},
         sum_blocks, memory.columns, rows, blocks, memory.result);
  return memory.download(context);
}

}  // namespace ebb::preprocessing::cuda

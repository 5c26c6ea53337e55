// Sorting a column on CUDA: one kernel makes keys (8 bytes in, 8 out for a row), CUB sorts them.
#include <cub/device/device_radix_sort.cuh>

#include "engine/tensor/tensor.h"
#include "kernels/common/blocks.h"
#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "preprocessing/statistics/ranks.h"
#include "preprocessing/statistics/sorted_column_backends.h"

namespace ebb::preprocessing::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    make_keys(const double* values, std::int64_t rows, std::uint64_t* keys) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; i < rows; i += stride) {
    const double value = values[i];
    keys[i] = value == value ? ordered_key(value) : kMissingKey;
  }
}

/// The first of ascending keys that is that of a missing value.
__global__ void find_missing(const std::uint64_t* keys, std::int64_t rows, std::int64_t* count) {
  std::int64_t begin = 0;
  while (rows > 0) {
    const std::int64_t half = rows / 2;
    if (keys[begin + half] < kMissingKey) {
      begin += half + 1;
      rows -= half + 1;
    } else {
      rows = half;
    }
  }
  *count = begin;
}

/// How many keys from `begin` on equal the first of them: looks twice as far each time, then
/// between.
__device__ inline std::uint32_t run_length(const std::uint64_t* keys, std::uint32_t begin,
                                           std::uint32_t count) {
  const std::uint64_t key = keys[begin];
  const std::uint64_t most = count - begin;
  std::uint64_t equal = 0;  // keys[begin + equal] is one of them
  std::uint64_t other = 1;  // that at `other` is not, or is none
  while (other < most && keys[begin + other] == key) {
    equal = other;
    other *= 2;
  }
  other = min(other, most);
  while (other - equal > 1) {
    const std::uint64_t middle = (equal + other) / 2;
    (keys[begin + middle] == key ? equal : other) = middle;
  }
  return static_cast<std::uint32_t>(other);
}

/// `longest` becomes, in its upper half, the length of the longest run of equal keys, and in its
/// lower one the complement of where it begins, so that of several the first is the greatest.
__global__ void __launch_bounds__(kThreads)
    find_longest_run(const std::uint64_t* keys, std::uint32_t count, unsigned long long* longest) {
  unsigned long long found = 0;
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count; i += stride) {
    const auto begin = static_cast<std::uint32_t>(i);
    if (begin > 0 && keys[begin] == keys[begin - 1]) continue;
    const unsigned long long length = run_length(keys, begin, count);
    found = max(found, length << 32 | (0xffffffffu - begin));
  }
  for (int distance = 16; distance > 0; distance /= 2)
    found = max(found, __shfl_xor_sync(kAllLanes, found, distance));
  if (threadIdx.x % 32 == 0) atomicMax(longest, found);
}

__global__ void __launch_bounds__(kThreads)
    gather_keys(const std::uint64_t* keys, const std::size_t* ranks, std::int64_t count,
                std::uint64_t* found) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < count) found[i] = keys[ranks[i]];
}

}  // namespace

std::int64_t sort_column(Context& context, const SortColumn& p) {
  std::size_t sort_bytes = 0;
  const auto sort = [&](void* memory, const std::uint64_t* from) {
    check(cub::DeviceRadixSort::SortKeys(memory, sort_bytes, from, p.keys, p.rows, 0, 64,
                                         context.stream()),
          "sorting a column");
  };
  choose_device(context);
  sort(nullptr, nullptr);  // says how much memory it takes
  const std::size_t key_bytes = static_cast<std::size_t>(p.rows + 1) * sizeof(std::uint64_t);
  const std::size_t before = (key_bytes + 255) / 256 * 256;
  auto* memory = static_cast<std::byte*>(context.workspace().acquire(before + sort_bytes));
  auto* keys = reinterpret_cast<std::uint64_t*>(memory);
  launch(context, {"sort_column", grid_for(context, p.rows, kThreads), kThreads}, make_keys,
         p.values, p.rows, keys);
  sort(memory + before, keys);
  auto* count = reinterpret_cast<std::int64_t*>(keys + p.rows);
  launch(context, {"sort_column", 1, 1}, find_missing, p.keys, p.rows, count);
  std::int64_t found = 0;
  ebb::cuda::copy(context.stream(), &found, count, sizeof(found));
  context.synchronize();
  return found;
}

void gather(Context& context, const std::uint64_t* from, std::span<const std::size_t> places,
            std::uint64_t* to) {
  auto* on_device = static_cast<std::size_t*>(context.workspace().acquire(places.size_bytes()));
  ebb::cuda::copy(context.stream(), on_device, places.data(), places.size_bytes());
  const auto count = static_cast<std::int64_t>(places.size());
  launch(context, {"gather", blocks_of(count, kThreads), kThreads}, gather_keys, from, on_device,
         count, to);
}

std::vector<std::uint64_t> keys_at(Context& context, const std::uint64_t* keys,
                                   std::span<const std::size_t> ranks) {
  std::vector<std::uint64_t> found(ranks.size());
  const Tensor on_device = Tensor::empty({std::ssize(ranks)}, DType::i64, context.device());
  auto* values = on_device.view().as<std::uint64_t>();
  gather(context, keys, ranks, values);
  ebb::cuda::copy(context.stream(), found.data(), values, ranks.size_bytes());
  context.synchronize();
  return found;
}

std::size_t longest_run(Context& context, const std::uint64_t* keys, std::size_t count) {
  unsigned long long found = 0;
  auto* longest = static_cast<unsigned long long*>(context.workspace().acquire(sizeof(found)));
  ebb::cuda::zero(context.stream(), longest, sizeof(found));
  launch(context,
         {"mode_of", grid_for(context, static_cast<std::int64_t>(count), kThreads), kThreads},
         find_longest_run, keys, static_cast<std::uint32_t>(count), longest);
  ebb::cuda::copy(context.stream(), &found, longest, sizeof(found));
  context.synchronize();
  return 0xffffffffu - static_cast<std::uint32_t>(found);
}

}  // namespace ebb::preprocessing::cuda

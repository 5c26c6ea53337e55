// Counts of levels and ranges on CUDA: a block counts its part of a column in shared memory, by
// atomics on whole numbers, and adds that to the column's counts; where a column has more places
// than a block holds, its rows are counted there at once. A row moves 4 bytes in, or 8 of a number.
#include "preprocessing/columns/count_places_backends.h"
#include "preprocessing/common/cuda/column_passes.cuh"
#include "preprocessing/scaling/knots.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing::cuda {
namespace {

constexpr std::size_t kKeptPlaces = 12 * 1024;  // that a block counts in shared memory, at most

/// A column; `first` is that of its counts.
struct CountJob {
  const std::int32_t* codes;
  const double* values;
  std::int64_t edge_count;
  std::uint32_t edges;  // the first byte of them among the tables
  std::uint32_t places;
  std::uint64_t first;
};

__device__ inline std::uint32_t place_of(std::int32_t code) {
  return static_cast<std::uint32_t>(code - kMissingCode);
}

__device__ inline std::uint32_t place_of(double value, const double* edges, std::int64_t count) {
  if (value != value) return 0;
  return 1 + static_cast<std::uint32_t>(find_knot(edges, count, value, false));
}

/// visit(value) for the thread's rows of a column.
template <int kRows, class T, class Visit>
__device__ inline void visit_rows(const T* values, std::int64_t rows, Visit&& visit) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kTileThreads * kRows;
  std::int64_t row = (std::int64_t{blockIdx.x} * kTileThreads + threadIdx.x) * kRows;
  for (; row < rows; row += stride) {
    const auto count = static_cast<int>(min(std::int64_t{kRows}, rows - row));
    T pack[kRows];
    read_rows(values + row, count, pack);
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      if (i < count) visit(pack[i]);
    }
  }
}

__global__ void __launch_bounds__(kTileThreads)
    count_rows(const std::byte* tables, std::uint32_t jobs, std::int64_t rows,
               unsigned long long* counts) {
  extern __shared__ unsigned kept[];
  const CountJob job = reinterpret_cast<const CountJob*>(tables + jobs)[blockIdx.y];
  unsigned long long* const all = counts + job.first;
  const bool is_kept = job.places <= kKeptPlaces;
  if (is_kept) {
    for (std::uint32_t i = threadIdx.x; i < job.places; i += kTileThreads) kept[i] = 0;
    __syncthreads();
  }
  const auto count = [&](std::uint32_t place) {
    if (is_kept) {
      atomicAdd(kept + place, 1u);
    } else {
      atomicAdd(all + place, 1ull);
    }
  };
  if (job.codes != nullptr) {  // there is a row
    visit_rows<4>(job.codes, rows, [&](std::int32_t code) { count(place_of(code)); });
  } else {
    const auto* const edges = reinterpret_cast<const double*>(tables + job.edges);
    visit_rows<2>(job.values, rows,
                  [&](double value) { count(place_of(value, edges, job.edge_count)); });
  }
  if (!is_kept) return;
  __syncthreads();
  for (std::uint32_t i = threadIdx.x; i < job.places; i += kTileThreads) {
    if (kept[i] != 0) atomicAdd(all + i, static_cast<unsigned long long>(kept[i]));
  }
}

}  // namespace

void count_places(Context& context, const PlaceCounts& p) {
  DeviceTables tables;
  std::vector<CountJob> jobs;
  std::uint64_t first = 0;
  std::size_t kept = 0;
  for (const CountedColumn& column : p.columns.columns) {
    const std::size_t places = column.places();
    jobs.push_back({column.codes, column.values, std::ssize(column.edges),
                    tables.add(column.edges.data(), column.edges.size()),
                    static_cast<std::uint32_t>(places), first});
    if (places <= kKeptPlaces) kept = std::max(kept, places);
    first += places;
  }
  const std::uint32_t counts = tables.add(p.counts.data(), p.counts.size());
  const std::uint32_t begin = tables.add(jobs.data(), jobs.size());
  const std::byte* memory = tables.upload(context);
  auto* const on_device =
      reinterpret_cast<unsigned long long*>(const_cast<std::byte*>(memory) + counts);
  // A block reads eight rows for every count that it adds.
  const auto least_rows = static_cast<std::int64_t>(8 * kept);
  const std::int64_t blocks =
      std::min(blocks_of(p.columns.rows, 2 * kTileThreads),
               tile_blocks(context, p.columns.rows, jobs.size(), least_rows));
  launch(context,
         {"count_places",
          {blocks, static_cast<std::int64_t>(jobs.size())},
          kTileThreads,
          kept * sizeof(unsigned)},
         count_rows, memory, begin, p.columns.rows, on_device);
  ebb::cuda::copy(context.stream(), p.counts.data(), on_device, p.counts.size_bytes());
  context.synchronize();
}

}  // namespace ebb::preprocessing::cuda

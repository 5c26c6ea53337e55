// How columns become columns on CUDA: values are read, changed and written in the order of the
// rows, in packs of 16 bytes, 8 of codes beside numbers.
//
// The blocks of one blockIdx.y take a job each: the same work on all rows of a column or of a few
// columns side by side. What a job needs besides the values (knots, the values of levels, the
// places of other columns) is copied to shared memory once per block, where it fits; the grid is
// small enough for that to be a twelfth of what moves, at most.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "preprocessing/common/cuda/row_tiles.cuh"

namespace ebb::preprocessing::cuda {

/// A job with where its table lies.
template <class Job>
struct alignas(16) PlacedJob {
  Job job;
  std::uint32_t table;  // its first byte among all tables
  std::uint32_t table_bytes;
  bool is_kept;  // in shared memory
};

/// Job: kRows, how many rows a thread takes at a time; kBlocks as of columns_to_rows();
/// operator()(table, first row, count of rows up to kRows) on the device, for every such pack.
template <class Job>
__global__ void __launch_bounds__(kTileThreads, Job::kBlocks)
    pass_over_columns(const std::byte* tables, std::uint32_t jobs, std::int64_t rows) {
  using Placed = PlacedJob<Job>;
  extern __shared__ __align__(16) std::byte memory[];
  copy_to_shared(memory, reinterpret_cast<const Placed*>(tables + jobs) + blockIdx.y,
                 sizeof(Placed));
  __syncthreads();
  const auto& placed = *reinterpret_cast<const Placed*>(memory);
  std::byte* const kept = memory + sizeof(Placed);
  if (placed.is_kept) {
    copy_to_shared(kept, tables + placed.table, placed.table_bytes);
    __syncthreads();
  }
  const std::byte* const table = placed.is_kept ? kept : tables + placed.table;
  const std::int64_t stride = std::int64_t{gridDim.x} * kTileThreads * Job::kRows;
  std::int64_t row = (std::int64_t{blockIdx.x} * kTileThreads + threadIdx.x) * Job::kRows;
  for (; row < rows; row += stride) {
    placed.job(table, row, static_cast<int>(min(std::int64_t{Job::kRows}, rows - row)));
  }
}

/// values[0..kRows) from `from`, of which `count` are there.
template <class T, int kRows>
__device__ inline void read_rows(const T* from, int count, T (&values)[kRows]) {
  constexpr int kPack = std::min(kPackOf<T>, kRows);
  if (count == kRows && reinterpret_cast<std::uintptr_t>(from) % sizeof(Pack<T, kPack>) == 0) {
#pragma unroll
    for (int i = 0; i < kRows; i += kPack) {
      const auto pack = *reinterpret_cast<const Pack<T, kPack>*>(from + i);
#pragma unroll
      for (int k = 0; k < kPack; ++k) values[i + k] = pack.values[k];
    }
  } else {
#pragma unroll
    for (int i = 0; i < kRows; ++i) values[i] = i < count ? from[i] : T{};
  }
}

/// The first `count` of `values` to `to`.
template <class T, int kRows>
__device__ inline void write_rows(T* to, int count, const T (&values)[kRows]) {
  static_assert(kRows == kPackOf<T>);  // with more, each store would leave gaps between lanes
  if (count == kRows && reinterpret_cast<std::uintptr_t>(to) % 16 == 0) {
    Pack<T, kRows> pack;
#pragma unroll
    for (int i = 0; i < kRows; ++i) pack.values[i] = values[i];
    ptx::store_global(to, std::bit_cast<uint4>(pack));
  } else {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      if (i < count) to[i] = values[i];
    }
  }
}

/// What a launch of pass_over_columns() takes.
template <class Job>
class ColumnPass {
 public:
  /// Where a table will lie; several jobs may share it.
  struct Table {
    std::uint32_t offset = 0;
    std::size_t bytes = 0;
  };
  template <class T>
  Table add_table(std::span<const T> values) {
    return {tables_.add(values.data(), values.size()), values.size_bytes()};
  }
  /// `of_row`: bytes that the job reads and writes for a row.
  void add(const Job& job, const Table& table, std::size_t of_row) {
    jobs_.push_back({job, table.offset, static_cast<std::uint32_t>(table.bytes), false});
    row_bytes_.push_back(of_row);
  }
  void run(Context& context, const char* name, std::int64_t rows) {
    if (jobs_.empty()) return;
    keep_tables(shared_bytes_of_block(context.device()));
    const std::uint32_t jobs = tables_.add(jobs_.data(), jobs_.size());
    const std::byte* memory = tables_.upload(context);
    const auto count = static_cast<std::int64_t>(jobs_.size());
    const std::int64_t blocks = std::min(blocks_of(rows, kTileThreads * Job::kRows),
                                         tile_blocks(context, rows, jobs_.size(), least_rows_));
    launch(context, {name, {blocks, count}, kTileThreads, shared_bytes_}, pass_over_columns<Job>,
           memory, jobs, rows);
  }

 private:
  /// Decides which jobs keep their table in shared memory, of which a block may have `shared`
  /// bytes.
  void keep_tables(std::size_t shared) {
    constexpr std::size_t kJobBytes = sizeof(PlacedJob<Job>);
    const std::size_t most = std::min(kTableBytes, shared - DeviceTables::padded(kJobBytes));
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const std::size_t bytes = jobs_[i].table_bytes;
      jobs_[i].is_kept = bytes > 0 && DeviceTables::padded(bytes) <= most;
      const std::size_t read = kJobBytes + (jobs_[i].is_kept ? bytes : 0);
      shared_bytes_ = std::max(shared_bytes_, DeviceTables::padded(read));
      least_rows_ =
          std::max(least_rows_, static_cast<std::int64_t>(kTableShare * read / row_bytes_[i]));
    }
  }

  DeviceTables tables_;
  std::vector<PlacedJob<Job>> jobs_;
  std::vector<std::size_t> row_bytes_;  // of each job: read and written for a row
  std::size_t shared_bytes_ = 0;
  std::int64_t least_rows_ = 1;
};

}  // namespace ebb::preprocessing::cuda

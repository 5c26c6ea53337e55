// A thread hashes a row, column by column, so that neighbouring threads read neighbouring cells:
// all cells are read once. CUB sorts (hash, row) stably, so that equal hashes are neighbours with
// their rows ascending: a row that is repeated finds its like mostly one place before it. Comparing
// reads the cells of two rows, in sectors of 32 bytes each.
#include <cub/device/device_radix_sort.cuh>

#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/workspace_parts.h"
#include "preprocessing/cleaning/cell_bits.h"
#include "preprocessing/cleaning/repeated_rows.h"
#include "preprocessing/common/spread.h"

namespace ebb::preprocessing::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;

struct Rows {
  __device__ std::uint64_t bits(int column, std::int64_t row) const {
    const CellColumn& cells = columns[column];
    switch (cells.dtype) {
      case DType::f64:
        return cell_bits(static_cast<const double*>(cells.values)[row]);
      case DType::i64:
        return cell_bits(static_cast<const std::int64_t*>(cells.values)[row]);
      default:
        return cell_bits(static_cast<const std::int32_t*>(cells.values)[row]);
    }
  }
  __device__ bool are_equal(std::int64_t a, std::int64_t b) const {
    for (int column = 0; column < count; ++column) {
      if (bits(column, a) != bits(column, b)) return false;
    }
    return true;
  }

  const CellColumn* columns;
  int count;
  std::int64_t rows;
};

__global__ void __launch_bounds__(kThreads)
    hash_rows(Rows p, std::uint64_t factor, std::uint64_t* hashes, std::uint32_t* order) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  for (std::int64_t row = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; row < p.rows;
       row += stride) {
    std::uint64_t hash = 0;
    for (int column = 0; column < p.count; ++column) {
      const std::uint64_t product = (hash ^ p.bits(column, row)) * factor;
      hash = product ^ (product >> 32);
    }
    hashes[row] = hash;
    order[row] = static_cast<std::uint32_t>(row);
  }
}

__global__ void __launch_bounds__(kThreads)
    mark_repeated(Rows p, const std::uint64_t* hashes, const std::uint32_t* order,
                  std::uint8_t* is_repeated) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; i < p.rows;
       i += stride) {
    bool found = false;
    for (std::int64_t j = i - 1; !found && j >= 0 && hashes[j] == hashes[i]; --j) {
      found = p.are_equal(order[j], order[i]);
    }
    is_repeated[order[i]] = found ? 1 : 0;
  }
}

struct Memory {
  Memory(WorkspaceParts parts, std::int64_t count, std::int64_t rows, std::size_t sort_bytes)
      : columns(parts.take<CellColumn>(count)),
        hashes(parts.take<std::uint64_t>(rows)),
        sorted_hashes(parts.take<std::uint64_t>(rows)),
        order(parts.take<std::uint32_t>(rows)),
        sorted_order(parts.take<std::uint32_t>(rows)),
        is_repeated(parts.take<std::uint8_t>(rows)),
        sort(parts.take<std::byte>(static_cast<std::int64_t>(sort_bytes))),
        bytes(parts.bytes()) {}

  CellColumn* columns;
  std::uint64_t* hashes;
  std::uint64_t* sorted_hashes;
  std::uint32_t* order;
  std::uint32_t* sorted_order;
  std::uint8_t* is_repeated;
  std::byte* sort;
  std::size_t bytes;
};

}  // namespace

std::vector<std::uint8_t> find_repeated_rows(Context& context, std::span<const CellColumn> columns,
                                             std::int64_t rows) {
  const auto count = static_cast<std::int64_t>(columns.size());
  std::size_t sort_bytes = 0;
  const auto sort = [&](void* memory, const Memory& m) {
    check(cub::DeviceRadixSort::SortPairs(memory, sort_bytes, m.hashes, m.sorted_hashes, m.order,
                                          m.sorted_order, rows, 0, 64, context.stream()),
          "sorting rows by their hashes");
  };
  choose_device(context);
  sort(nullptr, Memory(WorkspaceParts(), count, rows, 0));  // says how much memory it takes
  const std::size_t bytes = Memory(WorkspaceParts(), count, rows, sort_bytes).bytes;
  const Memory memory(WorkspaceParts(context.workspace().acquire(bytes)), count, rows, sort_bytes);
  ebb::cuda::copy(context.stream(), memory.columns, columns.data(), columns.size_bytes());
  const Rows operands{memory.columns, static_cast<int>(count), rows};
  const unsigned grid = grid_for(context, rows, kThreads);
  launch(context, {"find_repeated_rows", grid, kThreads}, hash_rows, operands, kSpreadFactor,
         memory.hashes, memory.order);
  sort(memory.sort, memory);
  launch(context, {"find_repeated_rows", grid, kThreads}, mark_repeated, operands,
         memory.sorted_hashes, memory.sorted_order, memory.is_repeated);
  std::vector<std::uint8_t> is_repeated(static_cast<std::size_t>(rows));
  ebb::cuda::copy(context.stream(), is_repeated.data(), memory.is_repeated, is_repeated.size());
  context.synchronize();
  return is_repeated;
}

}  // namespace ebb::preprocessing::cuda

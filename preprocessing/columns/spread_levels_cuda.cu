// Columns from codes on CUDA (common/cuda/column_passes.cuh). A row of a column moves 4 bytes in
// for every 16 outputs, and sizeof(T) out for each. Values and places of levels lie in shared
// memory, where they fit.
#include "preprocessing/columns/spread_levels_backends.h"
#include "preprocessing/common/cuda/column_passes.cuh"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing::cuda {
namespace {

constexpr int kOutputs = 16;  // of a job

/// Up to kOutputs of the outputs of a column; its table is the values of its levels, then their
/// places, each padded as DeviceTables does.
template <class T>
struct LevelJob {
  static constexpr int kRows = kPackOf<T>;
  static constexpr int kBlocks = 0;

  __device__ void operator()(const std::byte* table, std::int64_t row, int count) const {
    std::int32_t codes_of_rows[kRows];
    read_rows(codes + row, count, codes_of_rows);
    T values[kRows];
    std::int32_t place[kRows];
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
      const std::int32_t code = i < count ? codes_of_rows[i] : kMissingCode;
      const bool is_missing = code == kMissingCode;
      values[i] = missing;
      place[i] = missing_place;
      if (is_missing) continue;
      values[i] = has_values ? reinterpret_cast<const T*>(table)[code] : T{1};
      place[i] = has_places ? reinterpret_cast<const std::int32_t*>(table + places)[code] : 0;
    }
    for (int k = 0; k < output_count; ++k) {
      T spread[kRows];
#pragma unroll
      for (int i = 0; i < kRows; ++i) spread[i] = place[i] == first_place + k ? values[i] : T{};
      write_rows(outputs[k] + row, count, spread);
    }
  }

  const std::int32_t* codes;
  T missing;
  std::int32_t missing_place;
  std::uint32_t places;  // the first byte of them in the table
  std::int32_t first_place;
  std::int32_t output_count;
  bool has_values;
  bool has_places;
  T* outputs[kOutputs];
};

/// The table of a column.
template <class T>
std::vector<std::byte> table_of(const SpreadColumn<T>& column) {
  const std::size_t places = DeviceTables::padded(column.values.size_bytes());
  std::vector<std::byte> table(places + column.places.size_bytes());
  std::ranges::copy(std::as_bytes(column.values), table.begin());
  std::ranges::copy(std::as_bytes(column.places),
                    table.begin() + static_cast<std::ptrdiff_t>(places));
  return table;
}

}  // namespace

template <class T>
void spread_levels(Context& context, const SpreadLevels<T>& p) {
  ColumnPass<LevelJob<T>> pass;
  for (const SpreadColumn<T>& column : p.columns) {
    const std::vector<std::byte> bytes = table_of(column);
    const auto table = pass.add_table(std::span<const std::byte>(bytes));
    const auto places = DeviceTables::padded(column.values.size_bytes());
    for (std::size_t first = 0; first < column.outputs.size(); first += kOutputs) {
      const std::size_t count = std::min<std::size_t>(kOutputs, column.outputs.size() - first);
      LevelJob<T> job{column.codes,
                      column.missing,
                      column.missing_place,
                      static_cast<std::uint32_t>(places),
                      static_cast<std::int32_t>(first),
                      static_cast<std::int32_t>(count),
                      !column.values.empty(),
                      !column.places.empty(),
                      {}};
      std::ranges::copy(column.outputs.subspan(first, count), job.outputs);
      pass.add(job, table, sizeof(std::int32_t) + count * sizeof(T));
    }
  }
  pass.run(context, "spread_levels", p.rows);
}

template void spread_levels(Context&, const SpreadLevels<double>&);
template void spread_levels(Context&, const SpreadLevels<std::int32_t>&);

}  // namespace ebb::preprocessing::cuda

#include "preprocessing/statistics/sorted_column.h"

#include "kernels/common/check.h"
#include "preprocessing/statistics/quantiles.h"
#include "preprocessing/statistics/ranks.h"
#include "preprocessing/statistics/sorted_column_backends.h"

namespace ebb::preprocessing {
namespace {

std::int64_t sort_on_device(Context& context, const SortColumn& parameters) {
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) return cuda::sort_column(context, parameters);
  }
  return cpu::sort_column(context, parameters);
}

void gather_on_device(Context& context, const std::uint64_t* from,
                      std::span<const std::size_t> places, std::uint64_t* to) {
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) return cuda::gather(context, from, places, to);
  }
  cpu::gather(context, from, places, to);
}

std::vector<std::uint64_t> keys_on_device(Context& context, const std::uint64_t* keys,
                                          std::span<const std::size_t> ranks) {
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) return cuda::keys_at(context, keys, ranks);
  }
  return cpu::keys_at(context, keys, ranks);
}

std::size_t longest_run_on_device(Context& context, const std::uint64_t* keys, std::size_t count) {
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) return cuda::longest_run(context, keys, count);
  }
  return cpu::longest_run(context, keys, count);
}

}  // namespace

SortedColumn sort_column(Context& context, const Tensor& column) {
  kernels::OperandCheck("sort_column")
      .dense("column", column.view(), DType::f64, {column.extent(0)}, "[rows]");
  SortedColumn sorted;
  sorted.keys = Tensor::empty(column.shape(), DType::i64, context.device());
  if (column.elements() == 0) return sorted;
  sorted.count = static_cast<std::size_t>(
      sort_on_device(context, {column.view().as<const double>(), column.extent(0),
                               sorted.keys.view().as<std::uint64_t>()}));
  return sorted;
}

std::vector<double> values_at(Context& context, const SortedColumn& column,
                              std::span<const std::size_t> ranks) {
  for (const std::size_t rank : ranks) {
    if (rank >= column.count) fail("values_at: rank {} among {} values", rank, column.count);
  }
  std::vector<double> values;
  if (ranks.empty()) return values;
  const auto* keys = column.keys.view().as<const std::uint64_t>();
  for (const std::uint64_t key : keys_on_device(context, keys, ranks)) {
    values.push_back(number_of_key(key));
  }
  return values;
}

std::vector<double> to_host(Context& context, const SortedColumn& column) {
  std::vector<double> values;
  if (column.count == 0) return values;
  context.synchronize();
  const Tensor keys = column.keys.slice(0, 0, static_cast<std::int64_t>(column.count)).to(Device());
  values.reserve(column.count);
  for (const std::int64_t key : keys.values<std::int64_t>())
    values.push_back(number_of_key(static_cast<std::uint64_t>(key)));
  return values;
}

Tensor gather_rows(Context& context, const Tensor& column, std::span<const std::size_t> rows) {
  kernels::OperandCheck("gather_rows")
      .dense("column", column.view(), DType::f64, {column.extent(0)}, "[rows]");
  for (const std::size_t row : rows) {
    if (row >= static_cast<std::size_t>(column.extent(0)))
      fail("gather_rows: row {} of {}", row, column.extent(0));
  }
  const Tensor gathered =
      Tensor::empty({static_cast<std::int64_t>(rows.size())}, DType::f64, context.device());
  if (!rows.empty()) {
    gather_on_device(context, column.view().as<const std::uint64_t>(), rows,
                     gathered.view().as<std::uint64_t>());
  }
  return gathered;
}

std::vector<double> quantiles_of(Context& context, const SortedColumn& column,
                                 std::span<const double> shares) {
  if (column.count == 0) fail("quantiles_of: every value is missing");
  std::vector<QuantilePlace> places;
  std::vector<std::size_t> ranks;
  for (const double share : shares) {
    places.push_back(quantile_place(column.count, share));
    ranks.push_back(places.back().below);
    ranks.push_back(places.back().above);
  }
  const std::vector<double> values = values_at(context, column, ranks);
  std::vector<double> quantiles;
  for (std::size_t i = 0; i < places.size(); ++i) {
    quantiles.push_back(places[i].between(values[2 * i], values[2 * i + 1]));
  }
  return quantiles;
}

double mode_of(Context& context, const SortedColumn& column) {
  if (column.count == 0) fail("mode_of: every value is missing");
  if (column.count >> 32 != 0) fail("mode_of: {} values, expected fewer than 2^32", column.count);
  const auto* keys = column.keys.view().as<const std::uint64_t>();
  const std::size_t rank = longest_run_on_device(context, keys, column.count);
  return values_at(context, column, {&rank, 1}).front();
}

double median_of(Context& context, const SortedColumn& column) {
  const std::size_t middle = column.count / 2;
  // Not by a weight of 0, which an infinite distance to the next value would make NaN.
  if (column.count % 2 == 1) return values_at(context, column, {&middle, 1}).front();
  const double half = 0.5;
  return quantiles_of(context, column, {&half, 1}).front();
}

}  // namespace ebb::preprocessing

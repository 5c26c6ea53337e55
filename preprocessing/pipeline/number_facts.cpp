#include "preprocessing/pipeline/number_facts.h"

#include "preprocessing/statistics/column_moments.h"
#include "preprocessing/statistics/order_statistics.h"
#include "preprocessing/statistics/sorted_column.h"

namespace ebb::preprocessing {

NumberFacts facts_of(const Column& column, NumberFill fill) {
  NumberFacts facts{moments_of(column.numbers), {}, sorted_sample(column.numbers, kMostSampled)};
  if (fill == NumberFill::mean) facts.fill = facts.moments.mean;
  if (fill == NumberFill::median || fill == NumberFill::mode)
    facts.fill = fill_value(column.numbers, fill);
  return facts;
}

NumberFacts facts_of(Context& context, const DeviceColumn& column, NumberFill fill) {
  const Tensor& values = column.values;
  NumberFacts facts{moments_of(context, {&values, 1}).front(), {}, {}};
  const auto rows = static_cast<std::size_t>(column.rows());
  const bool needs_all =
      fill == NumberFill::median || fill == NumberFill::mode || rows <= kMostSampled;
  SortedColumn sorted;
  if (needs_all) sorted = sort_column(context, values);
  if (fill == NumberFill::mean) facts.fill = facts.moments.mean;
  if (fill == NumberFill::median) facts.fill = median_of(context, sorted);
  if (fill == NumberFill::mode) facts.fill = mode_of(context, sorted);
  if (rows > kMostSampled) {
    const std::vector<std::size_t> sampled = sampled_rows(rows, kMostSampled);
    sorted = sort_column(context, gather_rows(context, values, sampled));
  }
  facts.sample = to_host(context, sorted);
  return facts;
}

}  // namespace ebb::preprocessing

#include "preprocessing/pipeline/number_facts.h"

#include "preprocessing/statistics/column_moments.h"
#include "preprocessing/statistics/sorted_column.h"

namespace ebb::preprocessing {

NumberFacts facts_of(const Column& column, NumberFill fill) {
  NumberFacts facts{moments_of(column.numbers), {}};
  if (fill == NumberFill::mean) facts.fill = facts.moments.mean;
  if (fill == NumberFill::median || fill == NumberFill::mode)
    facts.fill = fill_value(column.numbers, fill);
  return facts;
}

NumberFacts facts_of(Context& context, const DeviceColumn& column, NumberFill fill) {
  const Tensor& values = column.values;
  NumberFacts facts{moments_of(context, {&values, 1}).front(), {}};
  if (fill == NumberFill::mean) facts.fill = facts.moments.mean;
  if (fill == NumberFill::median) facts.fill = median_of(context, sort_column(context, values));
  if (fill == NumberFill::mode) facts.fill = mode_of(context, sort_column(context, values));
  return facts;
}

}  // namespace ebb::preprocessing

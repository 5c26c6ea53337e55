#include "preprocessing/cleaning/missing_values.h"

#include <vector>

#include "kernels/common/error.h"
#include "preprocessing/statistics/moments.h"
#include "preprocessing/statistics/order_statistics.h"
#include "preprocessing/statistics/quantiles.h"

namespace ebb::preprocessing {

double fill_value(std::span<const double> values, NumberFill fill, double constant) {
  if (fill == NumberFill::constant) return constant;
  if (fill == NumberFill::median) return median_of(values);
  if (fill == NumberFill::mean) {
    const Moments moments = moments_of(values);
    if (moments.count == 0) fail("fill_value: every value is missing");
    return moments.mean;
  }
  const std::vector<double> sorted = sorted_values(values);
  if (sorted.empty()) fail("fill_value: every value is missing");
  return mode_of(sorted);
}

std::string_view fill_name(NumberFill fill) {
  switch (fill) {
    case NumberFill::median:
      return "median";
    case NumberFill::mean:
      return "mean";
    case NumberFill::mode:
      return "mode";
    case NumberFill::constant:
      return "constant";
  }
  return "unknown";
}

std::string_view fill_name(CategoryFill fill) {
  return fill == CategoryFill::missing_code ? "missing_code" : "mode";
}

std::string_view indicator_name(MissingIndicator indicator) {
  switch (indicator) {
    case MissingIndicator::never:
      return "never";
    case MissingIndicator::when_missing:
      return "when_missing";
    case MissingIndicator::always:
      return "always";
  }
  return "unknown";
}

NumberFill parse_number_fill(std::string_view name) {
  for (const NumberFill fill :
       {NumberFill::median, NumberFill::mean, NumberFill::mode, NumberFill::constant}) {
    if (name == fill_name(fill)) return fill;
  }
  fail<DataError>("\"{}\" is no fill for numbers: use median, mean, mode or constant", name);
}

CategoryFill parse_category_fill(std::string_view name) {
  for (const CategoryFill fill : {CategoryFill::missing_code, CategoryFill::mode}) {
    if (name == fill_name(fill)) return fill;
  }
  fail<DataError>("\"{}\" is no fill for categories: use missing_code or mode", name);
}

MissingIndicator parse_missing_indicator(std::string_view name) {
  for (const MissingIndicator indicator :
       {MissingIndicator::never, MissingIndicator::when_missing, MissingIndicator::always}) {
    if (name == indicator_name(indicator)) return indicator;
  }
  fail<DataError>("\"{}\" is no missing indicator: use never, when_missing or always", name);
}

}  // namespace ebb::preprocessing

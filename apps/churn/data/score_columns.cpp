#include "apps/churn/data/score_columns.h"

#include <algorithm>

#include "kernels/common/error.h"

namespace ebb::churn {

void check_id_column(std::string_view id_column, std::string_view source, std::string_view mend,
                     std::span<const std::string_view> names) {
  if (std::ranges::find(names, id_column) == names.end()) return;
  fail<DataError>(
      "{}: the id column \"{}\" would stand in the file beside ebb's own column of that "
      "name: {}",
      source, id_column, mend);
}

}  // namespace ebb::churn

#include "apps/churn/explanation/background.h"

#include <numeric>

#include "apps/churn/model/feature_columns.h"
#include "preprocessing/split/random_order.h"

namespace ebb::churn {

preprocessing::EncodedRows draw_background(const preprocessing::EncodedRows& rows,
                                           std::uint64_t seed) {
  std::vector<std::size_t> all(rows.rows);
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::vector<std::size_t> drawn =
      preprocessing::draw_rows(std::move(all), kBackgroundRows, preprocessing::SplitMix64(seed));
  if (!rows.device().is_cuda()) return take_rows(rows, drawn);
  return take_rows(preprocessing::to_host(rows), drawn);
}

}  // namespace ebb::churn

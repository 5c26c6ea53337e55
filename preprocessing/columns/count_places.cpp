#include "preprocessing/columns/count_places.h"

#include "kernels/common/dispatch.h"
#include "kernels/common/support.h"
#include "preprocessing/columns/count_places_backends.h"

namespace ebb::preprocessing {

std::string count_places_unsupported(Device device) { return device_unavailable(device); }

std::vector<std::vector<std::size_t>> count_places(Context& context, const CountPlaces& p) {
  kernels::require_supported("count_places", count_places_unsupported(context.device()));
  std::size_t places = 0;
  for (const CountedColumn& column : p.columns) places += column.places();
  std::vector<std::uint64_t> counts(places);
  if (!p.columns.empty() && p.rows > 0)
    kernels::run_on_device<cpu::count_places, cuda::count_places>(context, PlaceCounts{p, counts});
  std::vector<std::vector<std::size_t>> of_columns;
  auto begin = counts.begin();
  for (const CountedColumn& column : p.columns) {
    const auto end = begin + static_cast<std::ptrdiff_t>(column.places());
    of_columns.emplace_back(begin, end);
    begin = end;
  }
  return of_columns;
}

}  // namespace ebb::preprocessing

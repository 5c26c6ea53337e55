#include "preprocessing/csv_device/power_table.h"

#include <fast_float/fast_float.h>

namespace ebb::preprocessing {

std::span<const std::uint64_t> powers_of_five() {
  using Powers = fast_float::powers;
  static_assert(Powers::smallest_power_of_five == PowerTable::kSmallest);
  static_assert(Powers::largest_power_of_five == PowerTable::kLargest);
  return {Powers::power_of_five_128, std::size_t{Powers::number_of_entries}};
}

}  // namespace ebb::preprocessing

// Columns that tests of operations on columns read and write.
#pragma once

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "preprocessing/split/random_order.h"
#include "preprocessing/table/device_column.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_device.h"

namespace ebb::preprocessing {

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kUntouched = 12345.0;  // what lies around an output

inline std::vector<double> many_numbers(std::size_t rows, std::uint64_t seed) {
  SplitMix64 generator(seed, 0);
  const std::vector<double> special = {kMissing,   0.0,    -0.0,  kInfinity,
                                       -kInfinity, 5e-324, 1e308, -1e308};
  std::vector<double> values(rows);
  for (double& value : values) {
    const double share = static_cast<double>(generator.below(1 << 20)) / (1 << 20);
    value = generator.below(4) == 0 ? special[generator.below(special.size())]
                                    : std::exp2(20.0 * share) - 1000.0;
  }
  return values;
}

/// [offset + rows + 1] values on the device; `begin` is the one at `offset`.
template <class T>
struct Placed {
  Placed(const std::vector<T>& values, std::size_t start, T around) : offset(start) {
    std::vector<T> all(offset, around);
    all.insert(all.end(), values.begin(), values.end());
    all.push_back(around);
    memory = upload_values(std::span<const T>(all), ebb::testing::test_device());
  }
  T* begin() const { return memory.view().template as<T>() + offset; }
  /// The values, after a check that nothing else was written.
  std::vector<T> values(T around) const {
    const Tensor on_host = memory.to(Device());
    const std::span<const T> all = on_host.values<T>();
    for (std::size_t i = 0; i < offset; ++i) EXPECT_EQ(all[i], around);
    EXPECT_EQ(all.back(), around);
    return {all.begin() + static_cast<std::ptrdiff_t>(offset), all.end() - 1};
  }

  std::size_t offset;
  Tensor memory;
};

inline Placed<double> untouched(std::size_t rows, std::size_t offset) {
  return {std::vector<double>(rows, kUntouched), offset, kUntouched};
}

inline void expect_same_bits(const std::vector<double>& found,
                             const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(found[i]), std::bit_cast<std::uint64_t>(expected[i]))
        << "row " << i << ": " << found[i] << ", expected " << expected[i];
  }
}

/// Some edges, two of them equal.
inline const std::vector<double> kKnots = {-900.0, -20.0, -20.0, 0.0, 15.5, 4000.0, 90000.0};

/// Codes of so many levels, some of them missing.
inline std::vector<std::int32_t> many_codes(std::size_t rows, std::size_t levels) {
  SplitMix64 generator(rows, levels);
  std::vector<std::int32_t> codes(rows);
  for (std::int32_t& code : codes)
    code = static_cast<std::int32_t>(generator.below(levels + 1)) + kMissingCode;
  return codes;
}

}  // namespace ebb::preprocessing

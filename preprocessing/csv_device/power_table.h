// The powers that numbers are rounded with, on the host.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "preprocessing/csv_device/decimal.h"

namespace ebb::preprocessing {

/// As of PowerTable::fives.
std::span<const std::uint64_t> powers_of_five();
/// As of PowerTable::tens.
inline constexpr std::array<double, PowerTable::kExactTens> kPowersOfTen = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace ebb::preprocessing

#include "preprocessing/common/spread.h"

#include <unistd.h>

namespace ebb::preprocessing {
namespace {

std::uint64_t draw_factor() {
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;  // 2^64 over it
  std::uint64_t random = 0;
  if (::getentropy(&random, sizeof(random)) != 0) random = 0;
  return (kGoldenRatio ^ random) | 1;
}

}  // namespace

const std::uint64_t kSpreadFactor = draw_factor();

}  // namespace ebb::preprocessing

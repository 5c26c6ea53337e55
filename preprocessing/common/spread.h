// Hashing of words.
#pragma once

#include <cstdint>

namespace ebb::preprocessing {

/// An odd number, drawn once per process, so that no file can be made whose values collide.
extern const std::uint64_t kSpreadFactor;

/// Spreads words that differ in few bits over all 64: multiplicative hashing (Knuth, "The Art of
/// Computer Programming", volume 3, section 6.4), its better half in the lower half too.
inline std::uint64_t spread(std::uint64_t word) {
  const std::uint64_t product = word * kSpreadFactor;
  return product ^ (product >> 32);
}

}  // namespace ebb::preprocessing

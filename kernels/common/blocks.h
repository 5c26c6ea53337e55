// Dividing work into blocks.
#pragma once

#include <cstdint>

namespace ebb {

/// Number of blocks of `block` items that cover `count` items.
constexpr std::int64_t blocks_of(std::int64_t count, std::int64_t block) {
  return (count + block - 1) / block;
}

}  // namespace ebb

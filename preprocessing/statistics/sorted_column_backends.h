// What each backend of sorted_column provides; operands are checked already.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/common/context.h"

namespace ebb::preprocessing {

/// The key of a missing value: above those of all numbers, infinities among them.
inline constexpr std::uint64_t kMissingKey = ~std::uint64_t{0};

/// Where to sort `rows` values to.
struct SortColumn {
  const double* values = nullptr;
  std::int64_t rows = 0;
  std::uint64_t* keys = nullptr;
};

}  // namespace ebb::preprocessing

namespace ebb::preprocessing::cpu {

/// Fills in the keys; gives the number of values that are not missing.
std::int64_t sort_column(Context& context, const SortColumn& parameters);
/// to[i] = from[places[i]], of any 8 bytes.
void gather(Context& context, const std::uint64_t* from, std::span<const std::size_t> places,
            std::uint64_t* to);
std::vector<std::uint64_t> keys_at(Context& context, const std::uint64_t* keys,
                                   std::span<const std::size_t> ranks);
/// Where the most of `count` >= 1 ascending keys that are equal begin; of several the first.
std::size_t longest_run(Context& context, const std::uint64_t* keys, std::size_t count);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

std::int64_t sort_column(Context& context, const SortColumn& parameters);
void gather(Context& context, const std::uint64_t* from, std::span<const std::size_t> places,
            std::uint64_t* to);
std::vector<std::uint64_t> keys_at(Context& context, const std::uint64_t* keys,
                                   std::span<const std::size_t> ranks);
std::size_t longest_run(Context& context, const std::uint64_t* keys, std::size_t count);

}  // namespace ebb::preprocessing::cuda

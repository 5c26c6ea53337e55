// A customer's missing values filled from the same customer's past.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ebb::preprocessing {

/// Puts a row's last known value before it, of the same customer, in place of each missing one;
/// what a customer has missing before the first known value stays missing, and so does everything
/// of rows without a customer (kMissingCode). `customers`: a code for each row, from 0. `order`:
/// all rows, each once, from the earliest to the latest; of rows at one time the later one in
/// `order` is filled from the earlier. So no value comes from the future or from somebody else:
/// nothing is fitted and nothing can leak. As pandas' groupby(customer).ffill() of sorted rows.
///
/// Missing are NaN in numbers, kMissingCode in codes, kMissingInteger in integers. Returns how many
/// values were filled. Linear, on one thread, with a value kept for each customer. Throws Error
/// unless `order` holds each row once and there is a customer for each.
std::size_t forward_fill(std::span<double> numbers, std::span<const std::int32_t> customers,
                         std::span<const std::size_t> order);
std::size_t forward_fill(std::span<std::int32_t> codes, std::span<const std::int32_t> customers,
                         std::span<const std::size_t> order);
std::size_t forward_fill(std::span<std::int64_t> integers, std::span<const std::int32_t> customers,
                         std::span<const std::size_t> order);

}  // namespace ebb::preprocessing

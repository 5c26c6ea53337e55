// Customers in groups that have names.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ebb::churn {

struct Segmentation {
  std::vector<std::size_t> of_row;  ///< of each customer, an index into `names`
  std::vector<std::string> names;   ///< some may have no customer

  /// How many customers each segment has.
  [[nodiscard]] std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> sizes(names.size());
    for (const std::size_t segment : of_row) ++sizes[segment];
    return sizes;
  }
};

}  // namespace ebb::churn

#include "preprocessing/cleaning/forward_fill.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/common/error.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {
namespace {

bool is_missing(double value) { return std::isnan(value); }
bool is_missing(std::int32_t code) { return code == kMissingCode; }
bool is_missing(std::int64_t value) { return value == kMissingInteger; }

void check_history(std::size_t rows, std::span<const std::int32_t> customers,
                   std::span<const std::size_t> order) {
  if (customers.size() != rows || order.size() != rows) {
    fail("forward_fill: {} customers and an order of {} rows for {} rows", customers.size(),
         order.size(), rows);
  }
  std::vector<bool> is_there(rows);
  for (const std::size_t row : order) {
    if (row >= rows || is_there[row]) fail("forward_fill: row {} of {} twice or beyond", row, rows);
    is_there[row] = true;
  }
  if (rows > 0 && *std::ranges::min_element(customers) < kMissingCode) {
    fail("forward_fill: a customer's code is below {}", kMissingCode);
  }
}

template <class T>
std::size_t fill(std::span<T> values, std::span<const std::int32_t> customers,
                 std::span<const std::size_t> order, T missing) {
  check_history(values.size(), customers, order);
  if (values.empty()) return 0;
  const std::int32_t last_customer = *std::ranges::max_element(customers);
  std::vector<T> last_known(static_cast<std::size_t>(last_customer + 1), missing);
  std::size_t filled = 0;
  for (const std::size_t row : order) {
    if (customers[row] == kMissingCode) continue;
    T& known = last_known[static_cast<std::size_t>(customers[row])];
    if (!is_missing(values[row])) {
      known = values[row];
    } else if (!is_missing(known)) {
      values[row] = known;
      ++filled;
    }
  }
  return filled;
}

}  // namespace

std::size_t forward_fill(std::span<double> numbers, std::span<const std::int32_t> customers,
                         std::span<const std::size_t> order) {
  return fill(numbers, customers, order, std::numeric_limits<double>::quiet_NaN());
}

std::size_t forward_fill(std::span<std::int32_t> codes, std::span<const std::int32_t> customers,
                         std::span<const std::size_t> order) {
  return fill(codes, customers, order, kMissingCode);
}

std::size_t forward_fill(std::span<std::int64_t> integers, std::span<const std::int32_t> customers,
                         std::span<const std::size_t> order) {
  return fill(integers, customers, order, kMissingInteger);
}

}  // namespace ebb::preprocessing

#include "preprocessing/audit/missingness.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/statistics/contingency.h"

namespace ebb::preprocessing {
namespace {

/// A bit per row, set where the value is missing.
using Bits = std::vector<std::uint64_t>;

struct Judged {
  MissingColumn column;
  Bits bits;
};

std::size_t count_bits(const Bits& bits) {
  return std::accumulate(bits.begin(), bits.end(), std::size_t{0},
                         [](std::size_t sum, std::uint64_t word) {
                           return sum + static_cast<std::size_t>(std::popcount(word));
                         });
}

Judged judge(const Column& column, Codes labels) {
  Judged judged{{.name = column.name}, Bits((column.size() + 63) / 64)};
  std::vector<std::int32_t> is_missing(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!column.is_missing(row)) continue;
    is_missing[row] = 1;
    judged.bits[row / 64] |= std::uint64_t{1} << (row % 64);
  }
  const ContingencyTable table = count_pairs(is_missing, 2, labels, 2);
  const auto share_of_positives = [&](std::size_t row) {
    const std::size_t rows = table.count(row, 0) + table.count(row, 1);
    return rows == 0 ? 0.0 : static_cast<double>(table.count(row, 1)) / static_cast<double>(rows);
  };
  judged.column.missing = count_bits(judged.bits);
  judged.column.share =
      static_cast<double>(judged.column.missing) / static_cast<double>(column.size());
  judged.column.positives_missing = share_of_positives(1);
  judged.column.positives_present = share_of_positives(0);
  judged.column.p_value = chi_square_test(table).p_value;
  return judged;
}

bool are_together(const Bits& a, const Bits& b) {
  std::size_t both = 0;
  std::size_t either = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both += static_cast<std::size_t>(std::popcount(a[i] & b[i]));
    either += static_cast<std::size_t>(std::popcount(a[i] | b[i]));
  }
  return static_cast<double>(both) >= kTogether * static_cast<double>(either);
}

std::vector<MissingGroup> groups_of(const std::vector<Judged>& columns) {
  std::vector<MissingGroup> groups;
  std::vector<bool> is_grouped(columns.size());
  for (std::size_t first = 0; first < columns.size(); ++first) {
    if (is_grouped[first]) continue;
    MissingGroup group{{columns[first].column.name}, columns[first].column.missing};
    for (std::size_t next = first + 1; next < columns.size(); ++next) {
      if (is_grouped[next] || !are_together(columns[first].bits, columns[next].bits)) continue;
      is_grouped[next] = true;
      group.columns.push_back(columns[next].column.name);
    }
    if (group.columns.size() > 1) groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace

Missingness find_missingness(const Table& table, std::span<const std::string> names,
                             std::span<const float> labels) {
  std::vector<const Column*> columns;
  for (const std::string& name : names) columns.push_back(&table.column(name));
  if (labels.size() != table.rows()) {
    fail("find_missingness: {} labels for {} rows", labels.size(), table.rows());
  }
  const std::vector<std::int32_t> codes = label_codes(labels);
  std::vector<Judged> judged(columns.size());
  parallel_for(columns.size(), table.rows(),
               [&](std::size_t i) { judged[i] = judge(*columns[i], codes); });
  std::erase_if(judged, [](const Judged& column) { return column.column.missing == 0; });
  std::stable_sort(judged.begin(), judged.end(), [](const Judged& a, const Judged& b) {
    return a.column.missing > b.column.missing;
  });
  Missingness result;
  result.groups = groups_of(judged);
  for (Judged& column : judged) result.columns.push_back(std::move(column.column));
  return result;
}

}  // namespace ebb::preprocessing

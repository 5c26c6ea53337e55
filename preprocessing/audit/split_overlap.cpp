#include "preprocessing/audit/split_overlap.h"

#include <cstdint>

#include "preprocessing/audit/row_hashes.h"
#include "preprocessing/split/split.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kTrain = 0;
constexpr std::size_t kValidation = 1;
constexpr std::size_t kTest = 2;

/// kTrain, kValidation or kTest of each row.
std::vector<std::uint8_t> parts_of(const Table& table, std::string_view split_column) {
  const Split split = split_by_column(table, split_column);
  std::vector<std::uint8_t> parts(table.rows(), kTrain);
  for (const std::size_t row : split.validation) parts[row] = kValidation;
  for (const std::size_t row : split.test) parts[row] = kTest;
  return parts;
}

/// How many of a group's rows each part has.
struct Shares {
  std::size_t rows[3] = {};

  Shares(std::span<const KeyedRow> group, const std::vector<std::uint8_t>& parts) {
    for (const KeyedRow& row : group) ++rows[parts[row.row]];
  }
  [[nodiscard]] bool has_several() const {
    return (rows[0] > 0) + (rows[1] > 0) + (rows[2] > 0) > 1;
  }
};

std::size_t count_shared_values(const Column& column, const std::vector<std::uint8_t>& parts) {
  std::vector<std::uint64_t> hashes(column.size());
  add_cell_hashes(column, 0, 1, hashes);
  std::size_t shared = 0;
  for_each_group(rows_by_hash(hashes), [&](std::span<const KeyedRow> group) {
    const bool is_value = !column.is_missing(group.front().row);
    shared += is_value && Shares(group, parts).has_several() ? 1 : 0;
  });
  return shared;
}

}  // namespace

SplitOverlap find_split_overlap(const Table& table, std::string_view split_column,
                                std::span<const std::string> compared,
                                std::span<const std::string> identifiers) {
  const std::vector<std::uint8_t> parts = parts_of(table, split_column);
  SplitOverlap overlap;
  std::vector<std::uint64_t> hashes(table.rows());
  for (std::size_t i = 0; i < compared.size(); ++i) {
    add_cell_hashes(table.column(compared[i]), i, 1, hashes);
  }
  if (!compared.empty()) {
    for_each_group(rows_by_hash(hashes), [&](std::span<const KeyedRow> group) {
      const Shares shares(group, parts);
      if (shares.rows[kTrain] > 0) {
        overlap.validation_in_train += shares.rows[kValidation];
        overlap.test_in_train += shares.rows[kTest];
      }
      if (shares.rows[kValidation] > 0) overlap.test_in_validation += shares.rows[kTest];
    });
  }
  for (const std::string& name : identifiers) {
    const std::size_t values = count_shared_values(table.column(name), parts);
    if (values > 0) overlap.identifiers.push_back({name, values});
  }
  return overlap;
}

}  // namespace ebb::preprocessing

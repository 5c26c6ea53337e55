// Batches of rows that are on the device under test, beside those that the host gathers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/churn/training/batch_uploader.h"
#include "kernels/common/error.h"
#include "tests/support/test_device.h"

namespace ebb::churn {
namespace {

using ebb::testing::test_device;
using preprocessing::EncodedRows;

constexpr std::size_t kRows = 50;

EncodedRows rows_of(const InputSchema& schema) {
  EncodedRows rows{.rows = kRows,
                   .number_count = schema.bin_edges.size(),
                   .category_count = schema.cardinalities.size()};
  for (std::size_t i = 0; i < kRows * rows.number_count; ++i) {
    rows.numbers.push_back(0.25F * static_cast<float>(i) - 7.0F);
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    for (const std::int32_t cardinality : schema.cardinalities) {
      rows.codes.push_back(static_cast<std::int32_t>(row * 7) % cardinality);
    }
  }
  return rows;
}

/// The same rows in the memory of a GPU; themselves on the CPU.
EncodedRows on_device(EncodedRows rows) {
  if (!test_device().is_cuda()) return rows;
  const auto count = static_cast<std::int64_t>(rows.rows);
  rows.device_numbers = Tensor::from_values({count, static_cast<std::int64_t>(rows.number_count)},
                                            rows.numbers, test_device());
  rows.device_codes = Tensor::from_values({count, static_cast<std::int64_t>(rows.category_count)},
                                          rows.codes, test_device());
  rows.numbers.clear();
  rows.codes.clear();
  return rows;
}

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  const Tensor on_host = tensor.to(Device());
  const std::span<const T> values = on_host.values<T>();
  return {values.begin(), values.end()};
}

std::vector<float> picked(const std::vector<float>& values, const std::vector<std::size_t>& rows) {
  std::vector<float> those;
  for (const std::size_t row : rows) those.push_back(values[row]);
  return those;
}

void expect_batches(const InputSchema& schema, bool has_labels, bool has_weights) {
  const EncodedRows rows = rows_of(schema);
  const EncodedRows there = on_device(rows);
  std::vector<float> labels;
  std::vector<float> weights;
  for (std::size_t row = 0; row < kRows; ++row) {
    if (has_labels) labels.push_back(static_cast<float>(row % 3));
    if (has_weights) weights.push_back(0.5F + static_cast<float>(row));
  }
  BatchUploader batches(schema, test_device());
  const std::vector<std::vector<std::size_t>> parts = {
      {3, 0, 49, 3}, {7}, {1, 2, 4, 8, 16, 32}, {5, 6}};
  batches.prepare(there, {labels, weights}, parts.front());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const LabelledBatch batch = batches.take();
    if (i + 1 < parts.size()) batches.prepare(there, {labels, weights}, parts[i + 1]);
    const Batch expected = make_batch(schema, rows, parts[i]);
    EXPECT_EQ(values_of<float>(batch.inputs.numbers), values_of<float>(expected.numbers));
    EXPECT_EQ(values_of<std::int32_t>(batch.inputs.token_rows),
              values_of<std::int32_t>(expected.token_rows));
    ASSERT_EQ(batch.targets.defined(), has_labels);
    if (has_labels) {
      EXPECT_EQ(values_of<float>(batch.targets), picked(labels, parts[i]));
    }
    ASSERT_EQ(batch.sample_weights.defined(), has_weights);
    if (has_weights) {
      EXPECT_EQ(values_of<float>(batch.sample_weights), picked(weights, parts[i]));
    }
  }
}

TEST(BatchUploaderDevice, GathersWhatTheHostGathers) {
  for (const int given : {0, 1, 2}) {
    const bool has_labels = given > 0;
    const bool has_weights = given > 1;
    expect_batches({{{0, 1}, {0, 1}, {0, 2}}, {3, 5}}, has_labels, has_weights);
    expect_batches({{{0, 1}}, {}}, has_labels, has_weights);
    expect_batches({{}, {4}}, has_labels, has_weights);
  }
}

TEST(BatchUploaderDevice, TheHostGathersNoRowsOfADevice) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "rows are in host memory";
  const InputSchema schema{{{0, 1}}, {3}};
  const std::vector<std::size_t> indices = {0};
  EXPECT_THROW(make_batch(schema, on_device(rows_of(schema)), indices), Error);
  BatchUploader batches(schema, Device());
  EXPECT_THROW(batches.prepare(on_device(rows_of(schema)), {}, indices), Error);
}

}  // namespace
}  // namespace ebb::churn

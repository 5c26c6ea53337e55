// A thread moves an element of the batch, whose rows are its numbers, its token rows, its label and
// its weight: 8 bytes moved for each, in whole rows.
#include "apps/churn/model/gather_batch.h"
#include "kernels/common/cuda/divider.cuh"
#include "kernels/common/cuda/launch.h"

namespace ebb::churn {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;

struct Operands {
  const float* from_numbers;
  const std::int32_t* from_codes;
  const std::int32_t* first_rows;
  const std::int64_t* indices;
  const float* labels;
  const float* weights;
  float* numbers;
  std::int32_t* token_rows;
  float* targets;
  float* sample_weights;
  std::uint32_t number_count;
  std::uint32_t category_count;
  std::uint32_t elements;
  Divider by_width;
};

__global__ void __launch_bounds__(kThreads) gather(Operands p) {
  const std::uint32_t stride = gridDim.x * kThreads;
  for (std::uint32_t i = blockIdx.x * kThreads + threadIdx.x; i < p.elements; i += stride) {
    const std::uint32_t row = p.by_width.quotient(i);
    const std::uint32_t column = p.by_width.remainder(i, row);
    const std::int64_t from = p.indices[row];
    const std::uint32_t tokens = 1 + p.category_count;
    if (column < p.number_count) {
      p.numbers[row * p.number_count + column] = p.from_numbers[from * p.number_count + column];
    } else if (column < p.number_count + tokens) {
      const std::uint32_t token = column - p.number_count;
      p.token_rows[row * tokens + token] =
          token == 0 ? 0
                     : p.first_rows[token - 1] + p.from_codes[from * p.category_count + token - 1];
    } else if (column == p.number_count + tokens) {
      p.targets[row] = p.labels[row];
    } else {
      p.sample_weights[row] = p.weights[row];
    }
  }
}

}  // namespace

void gather_batch(Context& context, const GatherBatch& p) {
  const std::int64_t batch = p.indices.elements();
  const std::int64_t width = p.numbers.shape[1] + p.token_rows.shape[1] +
                             (p.labels.present() ? 1 : 0) + (p.weights.present() ? 1 : 0);
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  if (batch * width >= kMost) {
    fail("gather_batch: {} rows of {} elements, expected less than 2^31 elements", batch, width);
  }
  const Operands operands{p.from_numbers.as<float>(),
                          p.from_codes.as<std::int32_t>(),
                          p.first_rows.as<std::int32_t>(),
                          p.indices.as<std::int64_t>(),
                          p.labels.as<float>(),
                          p.weights.as<float>(),
                          p.numbers.as<float>(),
                          p.token_rows.as<std::int32_t>(),
                          p.targets.as<float>(),
                          p.sample_weights.as<float>(),
                          static_cast<std::uint32_t>(p.numbers.shape[1]),
                          static_cast<std::uint32_t>(p.token_rows.shape[1] - 1),
                          static_cast<std::uint32_t>(batch * width),
                          Divider(static_cast<std::uint32_t>(width))};
  launch(context, {"gather_batch", grid_for(context, batch * width, kThreads), kThreads}, gather,
         operands);
}

}  // namespace ebb::churn

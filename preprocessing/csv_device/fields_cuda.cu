// Checks of rows on CUDA: a thread for each row looks at its last separator; one for each field,
// where there are quotes, at the quotes within it.
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "preprocessing/csv_device/fields_backends.h"

namespace ebb::preprocessing::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kCheckThreads = 256;

struct Checked {
  unsigned is_irregular;
  std::uint32_t end;  // of the last row
};

__global__ void __launch_bounds__(kCheckThreads)
    check_row_ends(FieldView fields, std::uint32_t rows, Checked* checked) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kCheckThreads;
  for (std::int64_t row = std::int64_t{blockIdx.x} * kCheckThreads + threadIdx.x; row < rows;
       row += stride) {
    const std::uint32_t end = fields.separators[(row + 1) * fields.columns - 1];
    if (fields.text[end] != '\n') atomicOr(&checked->is_irregular, 1u);
    if (row + 1 == rows) checked->end = end;
  }
}

__global__ void __launch_bounds__(kCheckThreads)
    check_quotes(FieldView fields, std::uint32_t rows, Checked* checked) {
  const std::int64_t count = std::int64_t{rows} * fields.columns;
  const std::int64_t stride = std::int64_t{gridDim.x} * kCheckThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kCheckThreads + threadIdx.x; i < count;
       i += stride) {
    const auto row = static_cast<std::uint32_t>(i / fields.columns);
    const auto column = static_cast<std::uint32_t>(i % fields.columns);
    if (!fields.field(row, column).is_regular()) atomicOr(&checked->is_irregular, 1u);
  }
}

}  // namespace

std::optional<std::uint32_t> check_rows(Context& context, const CheckRows& p) {
  auto* checked = static_cast<Checked*>(context.workspace().acquire(sizeof(Checked)));
  ebb::cuda::zero(context.stream(), checked, sizeof(Checked));
  launch(context, {"cut_fields", grid_for(context, p.rows, kCheckThreads), kCheckThreads},
         check_row_ends, p.fields, p.rows, checked);
  if (p.has_quotes) {
    const std::int64_t count = std::int64_t{p.rows} * p.fields.columns;
    launch(context, {"cut_fields", grid_for(context, count, kCheckThreads), kCheckThreads},
           check_quotes, p.fields, p.rows, checked);
  }
  Checked found{};
  ebb::cuda::copy(context.stream(), &found, checked, sizeof(found));
  context.synchronize();
  if (found.is_irregular != 0) return std::nullopt;
  return found.end;
}

}  // namespace ebb::preprocessing::cuda

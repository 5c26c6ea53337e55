// Spans of fields on CUDA: a thread for each.
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/workspace_parts.h"
#include "preprocessing/csv_device/field_spans_backends.h"

namespace ebb::preprocessing::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kSpanThreads = 256;

__global__ void __launch_bounds__(kSpanThreads)
    write_spans(FindSpans p, const std::int64_t* positions, FieldSpan* spans) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kSpanThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kSpanThreads + threadIdx.x; i < p.count();
       i += stride) {
    spans[i] = p.span(i, positions);
  }
}

struct SpanMemory {
  SpanMemory(WorkspaceParts parts, const FindSpans& p)
      : positions(parts.take<std::int64_t>(p.columns)),
        spans(parts.take<FieldSpan>(p.count())),
        bytes(parts.bytes()) {}

  std::int64_t* positions;
  FieldSpan* spans;
  std::size_t bytes;
};

}  // namespace

void find_spans(Context& context, const FindSpans& p, const std::int64_t* positions,
                FieldSpan* spans) {
  const std::size_t bytes = SpanMemory(WorkspaceParts(), p).bytes;
  const SpanMemory memory(WorkspaceParts(context.workspace().acquire(bytes)), p);
  ebb::cuda::copy(context.stream(), memory.positions, positions,
                  static_cast<std::size_t>(p.columns) * sizeof(std::int64_t));
  launch(context, {"find_spans", grid_for(context, p.count(), kSpanThreads), kSpanThreads},
         write_spans, p, memory.positions, memory.spans);
  ebb::cuda::copy(context.stream(), spans, memory.spans,
                  static_cast<std::size_t>(p.count()) * sizeof(FieldSpan));
  context.synchronize();
}

}  // namespace ebb::preprocessing::cuda

#include "preprocessing/csv_device/field_spans.h"

#include "preprocessing/csv_device/field_spans_backends.h"

namespace ebb::preprocessing {

std::vector<FieldSpan> find_spans(Context& context, const DeviceFields& fields,
                                  std::span<const std::int64_t> positions) {
  const FindSpans parameters{fields.view(), fields.rows, std::ssize(positions)};
  std::vector<FieldSpan> spans(static_cast<std::size_t>(parameters.count()));
  if (spans.empty()) return spans;
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) {
      cuda::find_spans(context, parameters, positions.data(), spans.data());
      return spans;
    }
  }
  cpu::find_spans(context, parameters, positions.data(), spans.data());
  return spans;
}

}  // namespace ebb::preprocessing

#include "preprocessing/csv_device/field_spans_backends.h"

namespace ebb::preprocessing::cpu {

void find_spans(Context&, const FindSpans& p, const std::int64_t* positions, FieldSpan* spans) {
  for (std::int64_t i = 0; i < p.count(); ++i) spans[i] = p.span(i, positions);
}

}  // namespace ebb::preprocessing::cpu

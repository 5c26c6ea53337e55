// What each backend of field_spans provides, and what they share.
#pragma once

#include <cstdint>

#include "kernels/common/context.h"
#include "preprocessing/csv_device/field_spans.h"

namespace ebb::preprocessing {

struct FindSpans {
  [[nodiscard]] constexpr FieldSpan span(std::int64_t i, const std::int64_t* places) const {
    const auto row = static_cast<std::uint32_t>(i / columns);
    const auto column = static_cast<std::uint32_t>(places[i % columns]);
    const FieldText field = fields.field(row, column);
    bool is_doubled = false;
    for (const char* at = field.begin; field.is_quoted && at < field.end; ++at)
      is_doubled |= *at == '"';
    const auto length = static_cast<std::uint32_t>(field.end - field.begin);
    return {static_cast<std::uint32_t>(field.begin - fields.text),
            is_doubled ? length | FieldSpan::kDoubled : length};
  }
  [[nodiscard]] constexpr std::int64_t count() const { return rows * columns; }

  FieldView fields;
  std::int64_t rows = 0;
  std::int64_t columns = 0;  // that are asked for
};

}  // namespace ebb::preprocessing

namespace ebb::preprocessing::cpu {

/// Fills in the `spans` of the columns at `positions`, both on the host.
void find_spans(Context& context, const FindSpans& parameters, const std::int64_t* positions,
                FieldSpan* spans);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

void find_spans(Context& context, const FindSpans& parameters, const std::int64_t* positions,
                FieldSpan* spans);

}  // namespace ebb::preprocessing::cuda

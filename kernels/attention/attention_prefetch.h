// Memory that attention on the CPU is to need, asked for while it works on something else. Beyond
// the second-level cache this is a tenth of the time. It is for heads whose rows follow each other:
// those of a fused projection lie apart, and in a training step were written just before.
#pragma once

#include <utility>

#include "kernels/attention/attention_geometry.h"
#include "kernels/common/prefetch.h"

namespace ebb::kernels {

// Floats in a page of memory.
inline constexpr std::int64_t kPage = 4096 / sizeof(float);

/// Asks for the first lines of every 4 KiB of rows that follow each other in memory: processors
/// fetch the rest of a page by themselves, but only after some misses in it. Less than a page is
/// not worth the instructions.
template <class T>
void prefetch_rows(const HeadRows<T>& rows, std::int64_t first, std::int64_t count,
                   std::int64_t head_dim) {
  if (rows.stride != head_dim) return;
  for (std::int64_t page = 0; page + kPage <= count * head_dim; page += kPage) {
    for (std::int64_t line = 0; line < 4; ++line) {
      prefetch_line(rows.row(first) + page + line * kLine);
    }
  }
}

/// Keys and values of a head to come, whose lines are asked for one at a time, beside other work:
/// so many at once would wait for each other.
class UpcomingHead {
 public:
  /// Takes up batch entry `b`, head `h`, if its rows follow each other in memory.
  void select(const AttentionInputs& p, const AttentionGeometry& g, std::int64_t b,
              std::int64_t h) {
    const HeadRows<const float> key(p.key, b, h);
    const HeadRows<const float> value(p.value, b, h);
    const bool dense = key.stride == g.head_dim && value.stride == g.head_dim;
    const std::int64_t count = dense ? g.keys * g.head_dim : 0;
    next_ = key.data;
    end_ = key.data + count;
    values_ = value.data;
    values_end_ = value.data + count;
  }

  void prefetch_next_line() {
    if (next_ >= end_) {
      if (values_ >= values_end_) return;
      next_ = std::exchange(values_, values_end_);
      end_ = values_end_;
    }
    prefetch_line(next_);
    next_ += kLine;
  }

 private:
  const float* next_ = nullptr;
  const float* end_ = nullptr;
  const float* values_ = nullptr;  // after the keys
  const float* values_end_ = nullptr;
};

}  // namespace ebb::kernels

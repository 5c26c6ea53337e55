// The operands of a copy with as few dimensions as they can have.
#pragma once

#include <cstdint>

#include "kernels/copy/copy.h"

namespace ebb::kernels {

/// The shape of both views of a copy, and their strides.
struct CopyLayout {
  Shape shape;
  Shape from;  // strides of the input
  Shape to;    // strides of the output
};

/// The layout without dimensions of one element, those that lie seamlessly in both views merged; at
/// least one dimension.
inline CopyLayout merged_layout(const CopyLayout& whole) {
  CopyLayout layout;
  for (int i = 0; i < whole.shape.rank(); ++i) {
    const std::int64_t extent = whole.shape[i];
    if (extent == 1) continue;
    const std::int64_t from = whole.from[i];
    const std::int64_t to = whole.to[i];
    if (layout.shape.rank() > 0 && layout.from[-1] == extent * from &&
        layout.to[-1] == extent * to) {
      layout.shape[-1] *= extent;
      layout.from[-1] = from;
      layout.to[-1] = to;
    } else {
      layout.shape.push_back(extent);
      layout.from.push_back(from);
      layout.to.push_back(to);
    }
  }
  if (layout.shape.rank() == 0) layout = {{1}, {1}, {1}};
  return layout;
}

}  // namespace ebb::kernels

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

/// Calls body(part, from, to) for parts of the layout of at most `most` elements each; the part
/// begins at these offsets, in elements, of input and output. `most` is no less than 32^kMaxRank,
/// so that the longest dimension, which is halved, holds two runs of 16 elements: parts begin at
/// multiples of those, so that they move in units as wide as the whole would.
template <class Body>
void for_parts(const CopyLayout& layout, std::int64_t most, Body&& body, std::int64_t from = 0,
               std::int64_t to = 0) {
  if (layout.shape.elements() <= most) return body(layout, from, to);
  int longest = 0;
  for (int i = 1; i < layout.shape.rank(); ++i) {
    if (layout.shape[i] > layout.shape[longest]) longest = i;
  }
  constexpr std::int64_t kRun = 16;
  const std::int64_t first = layout.shape[longest] / (2 * kRun) * kRun;
  CopyLayout part = layout;
  part.shape[longest] = first;
  for_parts(part, most, body, from, to);
  part.shape[longest] = layout.shape[longest] - first;
  for_parts(part, most, body, from + first * layout.from[longest], to + first * layout.to[longest]);
}

}  // namespace ebb::kernels

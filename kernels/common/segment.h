// Parameters that share one flat buffer: optimisers update all of them in one pass.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/common/error.h"
#include "kernels/common/parallel.h"

namespace ebb::kernels {

/// One run of elements of a flat buffer. What lies between segments is padding and left alone.
struct Segment {
  std::int64_t begin = 0;
  std::int64_t count = 0;
  float weight_decay = 0.0F;
};

/// Throws Error unless the segments lie in [0, size), in ascending order, without overlap.
inline void check_segments(std::string_view operation, std::span<const Segment> segments,
                           std::int64_t size) {
  std::int64_t free_from = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    if (segment.begin < free_from || segment.count < 0 || segment.count > size - segment.begin) {
      fail("{}: segment {} has begin {} and count {}, expected a run within [{}, {})", operation, i,
           segment.begin, segment.count, free_from, size);
    }
    free_from = segment.begin + segment.count;
  }
}

/// Calls body(first, count, weight_decay) for the part of each segment that lies in [begin, end).
template <class Body>
void for_segments(std::span<const Segment> segments, std::int64_t begin, std::int64_t end,
                  Body&& body) {
  for (const Segment& segment : segments) {
    const std::int64_t first = std::max(begin, segment.begin);
    const std::int64_t last = std::min(end, segment.begin + segment.count);
    if (first < last) body(first, last - first, segment.weight_decay);
  }
}

/// for_segments over a whole buffer of `size` elements on several threads, which part at whole
/// cache lines of every buffer. `grain`: elements that make a thread worth its start.
template <class Body>
void parallel_for_segments(Context& context, std::span<const Segment> segments, std::int64_t size,
                           std::int64_t grain, Body&& body) {
  constexpr std::int64_t kBlock = 1024;
  parallel_for(context, blocks_of(size, kBlock), blocks_of(grain, kBlock),
               [&](std::int64_t begin, std::int64_t end) {
                 for_segments(segments, begin * kBlock, std::min(size, end * kBlock), body);
               });
}

}  // namespace ebb::kernels

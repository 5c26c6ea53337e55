// The segments of a flat buffer (kernels/common/segment.h) as an argument of a kernel: by value, so
// that they reach the device with the launch, without memory, a copy or a wait.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/common/segment.h"

namespace ebb::cuda {

/// 12 bytes a segment: this many, and what else an optimiser needs, fit into the 4 KiB of arguments
/// that any kernel may have.
inline constexpr int kMostSegments = 320;

/// Up to kMostSegments segments of a part of the buffer; offsets count from element `base`, a
/// multiple of 4.
struct SegmentTable {
  std::int64_t base = 0;
  std::uint32_t count = 0;
  std::uint32_t begins[kMostSegments];
  std::uint32_t ends[kMostSegments];
  float weight_decay[kMostSegments];

  std::int64_t span() const { return count == 0 ? 0 : ends[count - 1]; }
};

/// Calls body(table) for tables that cover all segments, in order: one, unless there are more than
/// kMostSegments or they reach over more than 2^31 elements.
template <class Body>
void for_segment_tables(std::span<const kernels::Segment> segments, Body&& body) {
  constexpr std::int64_t kMostSpan = std::int64_t{1} << 31;
  SegmentTable table;
  for (const kernels::Segment& segment : segments) {
    const std::int64_t end = segment.begin + segment.count;
    for (std::int64_t begin = segment.begin; begin < end;) {
      const bool full = table.count == kMostSegments || begin - table.base >= kMostSpan;
      if (full && table.count > 0) {
        body(table);
        table.count = 0;
      }
      if (table.count == 0) table.base = begin / 4 * 4;
      const std::int64_t stop = std::min(end, table.base + kMostSpan);
      table.begins[table.count] = static_cast<std::uint32_t>(begin - table.base);
      table.ends[table.count] = static_cast<std::uint32_t>(stop - table.base);
      table.weight_decay[table.count] = segment.weight_decay;
      ++table.count;
      begin = stop;
    }
  }
  if (table.count > 0) body(table);
}

/// The first segment that ends behind `element`, or table.count.
__device__ inline std::uint32_t find_segment(const SegmentTable& table, std::uint32_t element) {
  std::uint32_t low = 0;
  std::uint32_t high = table.count;
  while (low < high) {
    const std::uint32_t middle = (low + high) / 2;
    if (table.ends[middle] <= element) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// Calls body.operator()<kCount>(first, weight_decay) for elements [first, first + kCount) of the
/// buffer that lie in a segment: packs of kPack, and single elements where a segment begins or ends
/// within one. All threads of the grid share the work; a pack starts at a multiple of kPack.
template <int kPack, int kThreads, class Body>
__device__ inline void for_segment_packs(const SegmentTable& table, Body&& body) {
  const std::uint32_t end = table.ends[table.count - 1];
  const std::uint32_t stride = gridDim.x * kThreads * kPack;
  for (std::uint32_t i = (blockIdx.x * kThreads + threadIdx.x) * kPack; i < end; i += stride) {
    std::uint32_t segment = find_segment(table, i);
    if (i >= table.begins[segment] && i + kPack <= table.ends[segment]) {
      body.template operator()<kPack>(table.base + i, table.weight_decay[segment]);
      continue;
    }
    for (std::uint32_t element = i; element < i + kPack && element < end; ++element) {
      if (element >= table.ends[segment]) ++segment;
      if (element < table.begins[segment]) continue;
      body.template operator()<1>(table.base + element, table.weight_decay[segment]);
    }
  }
}

}  // namespace ebb::cuda

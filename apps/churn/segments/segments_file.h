// What `ebb segment --summary` wrote, for a report.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/churn/segments/segment_description.h"

namespace ebb::churn {

struct SegmentTotals {
  std::string by;  ///< "quadrants", "rfm", "k-means", "mixture"
  std::size_t customers = 0;
  std::vector<SegmentDescription> segments;
};

/// Throws IoError where the file cannot be read, and DataError, which names the file and the place,
/// where it is no such summary.
SegmentTotals read_segment_totals(const std::filesystem::path& path);

}  // namespace ebb::churn

// Descriptions of segments as a document, for reports.
#pragma once

#include <span>

#include <nlohmann/json_fwd.hpp>

#include "apps/churn/segments/segment_description.h"

namespace ebb::churn {

/// An array of an object for each segment; docs/files.md has its fields.
nlohmann::ordered_json to_json(std::span<const SegmentDescription> segments);

}  // namespace ebb::churn

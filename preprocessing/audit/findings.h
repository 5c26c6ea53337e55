// What an audit's figures mean, in sentences.
#pragma once

#include <vector>

#include "preprocessing/audit/audit.h"

namespace ebb::preprocessing {

/// Serious ones first. `table` is the one that the report is about.
std::vector<Finding> findings_of(const AuditReport& report, const Table& table);

}  // namespace ebb::preprocessing

// What an audit looks at in a table that is read for training.
#pragma once

#include "apps/churn/config/run_config.h"
#include "preprocessing/audit/audit.h"

namespace ebb::churn {

/// By the roles that the configuration gives columns. Columns to drop that `table` lacks are left
/// out. There is no label date.
preprocessing::AuditOptions audit_options(const RunConfig& config,
                                          const preprocessing::Table& table);

}  // namespace ebb::churn

// ebb train --dry-run.
#pragma once

#include "apps/churn/config/run_config.h"

namespace ebb::program {

/// Prepares the data and times a few steps, then prints what the columns are taken for, and how
/// large the network is, how much memory and how long the training will take. Writes nothing.
void dry_run(const churn::RunConfig& settings);

}  // namespace ebb::program

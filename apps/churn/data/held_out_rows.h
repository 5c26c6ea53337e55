// The rows of a training's table that the training did not look at.
#pragma once

#include <optional>
#include <string>

#include "apps/churn/data/prepared_data.h"

namespace ebb::churn {

/// The test rows, in host memory, of the table config.data.path, split as `config`, the training's,
/// says: none where that leaves none. Empty if it is another table than that of the training, whose
/// PreparedData::fingerprint is `fingerprint`. Throws IoError where the table cannot be read.
std::optional<LabelledRows> held_out_rows(const RunConfig& config, const std::string& fingerprint,
                                          const preprocessing::Pipeline& pipeline,
                                          preprocessing::DriftReport& drift);

}  // namespace ebb::churn

// Of features that know the answer, before a model learns from them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "preprocessing/pipeline/pipeline.h"
#include "preprocessing/table/table.h"

namespace ebb::churn {

/// A warning for each column that `pipeline` takes and that almost gives the label by itself in the
/// training rows (preprocessing/audit/leakage.h). A small part of `ebb audit`, cheap beside any
/// training.
std::vector<std::string> leak_warnings(const preprocessing::Table& training_rows,
                                       std::span<const float> labels,
                                       const preprocessing::Pipeline& pipeline);

}  // namespace ebb::churn

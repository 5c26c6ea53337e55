// A network fitted to prepared data from the first epoch to the last, without a folder of its own.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/churn/training/part_scores.h"
#include "apps/churn/training/trainer.h"

namespace ebb::churn {

struct FittedModel {
  std::map<std::string, Tensor> weights;  // of the best epoch, by parameter name
  std::vector<EpochRecord> history;
  PartScores scores;
};

/// Trains by the settings, which need not be settled(). `go_on` is called after each step and ends
/// it by false: then nothing comes back. `is_promising` is called after each epoch with all so far,
/// and ends it by false, too, but what was fitted comes back. Throws as Trainer does.
std::optional<FittedModel> fit_model(
    const RunConfig& config, const PreparedData& data, const std::function<bool()>& go_on,
    const std::function<bool(std::span<const EpochRecord>)>& is_promising = {});

}  // namespace ebb::churn

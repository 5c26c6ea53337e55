#include "apps/churn/training/fit_model.h"

namespace ebb::churn {

std::optional<FittedModel> fit_model(
    const RunConfig& config, const PreparedData& data, const std::function<bool()>& go_on,
    const std::function<bool(std::span<const EpochRecord>)>& is_promising) {
  const RunConfig wanted = settled(config, data);
  Trainer trainer(wanted, data);
  bool was_stopped = false;
  const auto on_step = [&](const StepReport&) { return !(was_stopped = !go_on()); };
  while (!trainer.finished()) {
    if (!trainer.run_epoch(on_step) || was_stopped) return std::nullopt;
    if (is_promising && !is_promising(trainer.history())) break;
  }
  FittedModel model;
  model.weights = trainer.best_weights();
  model.history = trainer.history();
  model.scores = network_scores(wanted, data, model.weights);
  return model;
}

}  // namespace ebb::churn

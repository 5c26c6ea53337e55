#include "apps/churn/config/config_file.h"
#include "kernels/common/error.h"
#include "preprocessing/common/names.h"

namespace ebb::churn {
namespace {

/// The recipe that many churn notebooks share, as a yardstick for the defaults. Its known faults
/// lie in the data preparation (values filled from the previous row, a scaler fitted before the
/// split) and are not part of it here.
RunConfig seed_recipe() {
  RunConfig config;
  config.preprocessing.numbers.scaling = preprocessing::Scaling::standard;
  config.model.dim = 64;
  config.model.layers = 2;
  config.model.heads = 4;
  config.model.feed_forward = 256;
  config.model.attention_dropout = 0.1;
  config.model.activation_dropout = 0.1;
  config.model.residual_dropout = 0.1;
  config.model.number_embedding = NumberEmbedding::linear;
  config.training.optimizer = OptimizerKind::adamw;  // without weight decay it is Adam
  config.training.weight_decay = 0.0;
  config.training.learning_rate = 1e-3;
  config.training.schedule = ScheduleKind::constant;
  config.training.warmup_fraction = 0.0;
  config.training.gradient_clip = 0.0;
  config.training.average_decay = 0.0;
  config.training.batch_size = 32;
  config.training.epochs = 10;
  return config;
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = {
      {"default", "the recommended settings"},
      {"seed",
       "a plain recipe: hidden 64, 2 layers, dropout 0.1, Adam at 0.001, batch 32, 10 epochs"},
  };
  return all;
}

RunConfig preset(std::string_view name) {
  if (name == "default") return {};
  if (name == "seed") return seed_recipe();
  std::vector<std::string> names;
  for (const Preset& known : presets()) names.push_back(known.name);
  fail<DataError>("unknown preset \"{}\".{}", name, preprocessing::suggest_names(name, names));
}

}  // namespace ebb::churn

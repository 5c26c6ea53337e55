#include "preprocessing/steps/step_kinds.h"

#include <algorithm>
#include <string>
#include <vector>

#include "preprocessing/common/names.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

constexpr StepKind kKinds[] = {
    {"drop", "takes columns out", fit_drop, restore_drop},
    {"normalise", "gives texts one spelling", fit_normalise, restore_normalise},
    {"range", "treats numbers that cannot be", fit_range, restore_range},
    {"clip", "treats outliers", fit_clip, restore_clip},
    {"fill", "fills missing values", fit_fill, restore_fill},
    {"forward_fill", "fills missing values from the customer's past", fit_forward_fill,
     restore_forward_fill},
    {"neighbours", "fills missing numbers from similar rows", fit_neighbours, restore_neighbours},
    {"date", "makes times numbers", fit_date, restore_date},
    {"encode", "makes categories numbers", fit_encode, restore_encode},
    {"scale", "scales numbers", fit_scale, restore_scale},
    {"derive", "adds a number made of others", fit_derive, restore_derive},
    {"interact", "adds the products of pairs of numbers", fit_interact, restore_interact},
    {"robust_distance", "adds how far a row lies from the others", fit_robust_distance,
     restore_robust_distance},
    {"select", "drops columns that say little", fit_select, restore_select},
    {"pca", "puts principal components in the place of numbers", fit_pca, restore_pca},
};

/// Throws DataError without saying where.
const StepKind& kind_of(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, &StepKind::name);
  if (found != std::end(kKinds)) return *found;
  std::vector<std::string> names;
  for (const StepKind& kind : kKinds) names.emplace_back(kind.name);
  fail<DataError>("there is no step \"{}\".{}", name, suggest_names(name, names));
}

}  // namespace

std::span<const StepKind> step_kinds() { return kKinds; }

std::unique_ptr<Step> fit_step(const StepDeclaration& declaration, Table& table,
                               const StepContext& context) {
  StepOptions options(declaration);
  return options.guarded("step", [&] { return kind_of(declaration.kind).fit; })(options, table,
                                                                                context);
}

nlohmann::json step_to_json(const Step& step) {
  nlohmann::json json = step.to_json();
  json["step"] = step.kind();
  return json;
}

std::unique_ptr<Step> restore_step(const JsonReader& state) {
  const auto restore =
      state.member("step").parsed([](std::string_view name) { return kind_of(name).restore; });
  return restore(state);
}

}  // namespace ebb::preprocessing

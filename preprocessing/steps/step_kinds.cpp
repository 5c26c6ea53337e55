#include "preprocessing/steps/step_kinds.h"

#include <algorithm>
#include <string>
#include <vector>

#include "preprocessing/common/names.h"
#include "preprocessing/steps/every_step.h"

namespace ebb::preprocessing {
namespace {

constexpr StepKind kKinds[] = {
    {"drop", fit_drop, restore_drop},
    {"normalise", fit_normalise, restore_normalise},
    {"range", fit_range, restore_range},
    {"clip", fit_clip, restore_clip},
    {"fill", fit_fill, restore_fill},
    {"forward_fill", fit_forward_fill, restore_forward_fill},
    {"neighbours", fit_neighbours, restore_neighbours},
    {"date", fit_date, restore_date},
    {"encode", fit_encode, restore_encode},
    {"scale", fit_scale, restore_scale},
    {"derive", fit_derive, restore_derive},
    {"interact", fit_interact, restore_interact},
    {"robust_distance", fit_robust_distance, restore_robust_distance},
    {"select", fit_select, restore_select},
    {"pca", fit_pca, restore_pca},
};

/// Throws DataError without saying where.
const StepKind& kind_of(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, &StepKind::name);
  if (found != std::end(kKinds)) return *found;
  std::vector<std::string> names;
  for (const StepKind& kind : kKinds) names.emplace_back(kind.name);
  fail<DataError>("there is no step \"{}\".{}", name, suggest_names(name, names, names.size()));
}

const StepKind& kind_of(const StepDeclaration& declaration) {
  try {
    return kind_of(declaration.kind);
  } catch (const DataError& error) {
    fail<DataError>("{}{}{}", declaration.place, declaration.place.empty() ? "" : ": ",
                    error.what());
  }
}

}  // namespace

std::span<const StepKind> step_kinds() { return kKinds; }

std::unique_ptr<Step> fit_step(const StepDeclaration& declaration, Table& table,
                               const StepContext& context) {
  StepOptions options(declaration);
  return kind_of(declaration).fit(options, table, context);
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

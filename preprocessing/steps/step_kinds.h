// The steps that can be declared, by name. A new step is a file beside the others, its two
// functions in every_step.h and a line in step_kinds.cpp.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/steps/step.h"
#include "preprocessing/steps/step_options.h"

namespace ebb::preprocessing {

struct StepKind {
  std::string_view name;
  /// Fits to the training rows in `table` and applies the step to them. Not always by apply():
  /// where a value is encoded by its label, a training row's must not use its own label.
  std::unique_ptr<Step> (*fit)(StepOptions& options, Table& table, const StepContext& context);
  /// The step of a state that to_json() gave. Throws DataError naming the JSON path.
  std::unique_ptr<Step> (*restore)(const JsonReader& state);
};

std::span<const StepKind> step_kinds();

/// Fits one declared step, as StepKind::fit. Throws DataError for an unknown kind or option.
std::unique_ptr<Step> fit_step(const StepDeclaration& declaration, Table& table,
                               const StepContext& context);

/// `{"step": KIND, ...}` and back. restore_step throws DataError naming the JSON path.
nlohmann::json step_to_json(const Step& step);
std::unique_ptr<Step> restore_step(const JsonReader& state);

}  // namespace ebb::preprocessing

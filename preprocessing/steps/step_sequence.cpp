#include "preprocessing/steps/step_sequence.h"

#include <algorithm>
#include <ranges>

#include "preprocessing/steps/step_kinds.h"

namespace ebb::preprocessing {

StepSequence StepSequence::fit(std::span<const StepDeclaration> declarations, Table& table,
                               const StepContext& context) {
  StepSequence sequence;
  for (const StepDeclaration& declaration : declarations)
    sequence.steps_.push_back(fit_step(declaration, table, context));
  return sequence;
}

std::vector<std::string> StepSequence::needs(std::vector<std::string> wanted) const {
  for (const auto& step : std::views::reverse(steps_)) wanted = step->needs(std::move(wanted));
  std::ranges::sort(wanted);
  const auto repeated = std::ranges::unique(wanted);
  wanted.erase(repeated.begin(), repeated.end());
  return wanted;
}

bool StepSequence::looks_at_other_rows() const {
  return std::ranges::any_of(steps_, [](const auto& step) { return step->looks_at_other_rows(); });
}

void StepSequence::apply(Table& table) const {
  for (const auto& step : steps_) step->apply(table);
}

void StepSequence::apply(DeviceTable& table) const {
  for (const auto& step : steps_) step->apply(table);
}

std::vector<std::string> StepSequence::scaled() const {
  std::vector<std::string> names;
  for (const auto& step : steps_) {
    const std::vector<std::string> of_step = step->scaled();
    names.insert(names.end(), of_step.begin(), of_step.end());
  }
  return names;
}

std::vector<StepSequence::Line> StepSequence::describe() const {
  std::vector<Line> lines;
  for (const auto& step : steps_) lines.push_back({std::string(step->kind()), step->summary()});
  return lines;
}

nlohmann::json StepSequence::to_json() const {
  nlohmann::json states = nlohmann::json::array();
  for (const auto& step : steps_) states.push_back(step_to_json(*step));
  return states;
}

StepSequence StepSequence::from_json(const JsonReader& states) {
  StepSequence sequence;
  for (const JsonReader& state : states.elements()) sequence.steps_.push_back(restore_step(state));
  return sequence;
}

}  // namespace ebb::preprocessing

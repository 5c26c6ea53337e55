// The steps of a pipeline, fitted one after the other.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/steps/step.h"
#include "preprocessing/steps/step_options.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// Immutable and cheap to copy.
class StepSequence {
 public:
  StepSequence() = default;
  /// Fits each declared step to the training rows in `table` as the steps before left them, and
  /// applies it to them (StepKind::fit). Throws DataError naming the step and where it is declared.
  static StepSequence fit(std::span<const StepDeclaration> declarations, Table& table,
                          const StepContext& context);

  [[nodiscard]] bool empty() const { return steps_.empty(); }
  [[nodiscard]] std::size_t size() const { return steps_.size(); }
  /// The columns that a raw table must have if `wanted` are to be there after all steps.
  [[nodiscard]] std::vector<std::string> needs(std::vector<std::string> wanted) const;
  /// Whether a step does (Step::looks_at_other_rows).
  [[nodiscard]] bool looks_at_other_rows() const;
  /// Applies all steps.
  void apply(Table& table) const;
  void apply(DeviceTable& table) const;
  /// The columns that a step scaled.
  [[nodiscard]] std::vector<std::string> scaled() const;
  /// For each step its kind and what it did to the training rows.
  struct Line {
    std::string kind;
    std::string summary;
  };
  [[nodiscard]] std::vector<Line> describe() const;

  /// An array of states. from_json throws DataError naming the JSON path.
  [[nodiscard]] nlohmann::json to_json() const;
  static StepSequence from_json(const JsonReader& states);
  bool operator==(const StepSequence& other) const { return to_json() == other.to_json(); }

 private:
  std::vector<std::shared_ptr<const Step>> steps_;
};

}  // namespace ebb::preprocessing

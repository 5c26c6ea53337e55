// What tests of steps share: declaring, fitting and restoring them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "preprocessing/steps/step_kinds.h"
#include "tests/preprocessing/support.h"
#include "tests/support/test_json.h"

namespace ebb::preprocessing {

inline StepDeclaration declare(std::string kind,
                               nlohmann::json options = nlohmann::json::object()) {
  return {std::move(kind), std::move(options), "steps.toml:3:1"};
}

/// Fits one step, which changes `table`.
inline std::unique_ptr<Step> fit(const StepDeclaration& declaration, Table& table,
                                 const StepContext& context = {}) {
  return fit_step(declaration, table, context);
}

/// The step after its state went through text.
inline std::unique_ptr<Step> through_json(const Step& step) {
  const nlohmann::json state = ebb::testing::through_text(step_to_json(step));
  return restore_step(JsonReader(state));
}

/// Expects equal columns, NaN equal to NaN, in any order.
inline void expect_equal_tables(const Table& a, const Table& b) {
  ASSERT_EQ(a.columns().size(), b.columns().size());
  for (const Column& column : a.columns()) {
    SCOPED_TRACE(column.name);
    const Column& other = b.column(column.name);
    ASSERT_EQ(column.size(), other.size());
    for (std::size_t row = 0; row < column.size(); ++row)
      EXPECT_EQ(column.text(row), other.text(row)) << "row " << row;
  }
}

/// The message of fitting a step that must be refused.
inline std::string refusal(const StepDeclaration& declaration, Table table,
                           const StepContext& context = {}) {
  return testing::message_of([&] { fit_step(declaration, table, context); });
}

}  // namespace ebb::preprocessing

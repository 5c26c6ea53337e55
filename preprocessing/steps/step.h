// One step of a declared pipeline: columns of a table become others, row by row.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/selection/recursive_elimination.h"
#include "preprocessing/table/device_table.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

struct Groups;

/// A fitted step. Immutable: the same rows give the same bits, on any number of threads.
class Step {
 public:
  virtual ~Step() = default;

  /// As in the declaration: "derive", "clip", ... (step_kinds.h).
  [[nodiscard]] virtual std::string_view kind() const = 0;
  /// The columns that a table must have before the step if `wanted` are to be there after it.
  [[nodiscard]] virtual std::vector<std::string> needs(std::vector<std::string> wanted) const = 0;
  /// Whether a row's values come from other rows of the same table, so that it must not be given in
  /// pieces.
  [[nodiscard]] virtual bool looks_at_other_rows() const { return false; }
  /// Changes the columns of a table, never its rows; what it lacks the columns for it leaves out.
  /// Throws DataError for a column that holds something else than in training, and for a name that
  /// would be there twice; the table is not to be used then.
  virtual void apply(Table& table) const = 0;
  /// The same to columns on a device, to the same bits.
  virtual void apply(DeviceTable& table) const = 0;
  /// The numbers that it scales, which are not to be scaled once more as features.
  [[nodiscard]] virtual std::vector<std::string> scaled() const { return {}; }
  /// What the step did to the training rows, for the user: "412 missing values in 3 columns".
  [[nodiscard]] virtual std::string summary() const = 0;
  /// The state, without "step"; StepKind::restore takes it.
  [[nodiscard]] virtual nlohmann::json to_json() const = 0;

 protected:
  /// apply(DeviceTable&) for what no kernel does: the columns `names` come to the host, as far as
  /// they are there, and go back when they are next asked for.
  void apply_on_host(DeviceTable& table, std::span<const std::string> names) const {
    const std::vector<std::string> present = table.present(names);
    Table columns = table.download(present);
    apply(columns);
    table.put_back(present, columns);
  }
};

/// What fitting may look at besides the columns.
struct StepContext {
  /// 0 or 1 per training row; empty without a target.
  std::span<const float> labels;
  /// Columns that no step may touch: target, identifiers, the column of the split.
  std::span<const std::string> reserved;
  /// Texts that mean a missing value, as the table was read.
  std::span<const std::string> missing_tokens;
  /// Training rows that belong together, such as those of a customer; null where each stands for
  /// itself.
  const Groups* groups = nullptr;
  /// What the columns' importance is asked from; null where there is no such model.
  const ImportanceModel* importance = nullptr;
  std::uint64_t seed = 0;
};

}  // namespace ebb::preprocessing

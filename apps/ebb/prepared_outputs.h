// The files of ebb prepare.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/churn/data/write_table.h"
#include "apps/ebb/output.h"

namespace ebb::program {

/// What is written. All places are opened before the work is done, so that one that cannot be
/// written to is found, and nothing is put in its place before all is there.
class PreparedOutputs {
 public:
  /// `table`: a safetensors file by its name, else CSV. `pipeline` may be empty. Throws IoError.
  PreparedOutputs(const std::string& table, const std::string& pipeline);

  /// What takes the table's rows. `pipeline` and this must outlive it.
  std::unique_ptr<churn::TableWriter> writer(const preprocessing::Pipeline& pipeline,
                                             const std::string& id_column,
                                             churn::CategoryLayout layout);
  void write_pipeline(const preprocessing::Pipeline& pipeline);
  /// Puts all files in their places. Throws IoError.
  void commit();

 private:
  std::optional<AtomicFile> tensors_;
  std::optional<Output> csv_;
  std::optional<Output> pipeline_;
};

}  // namespace ebb::program

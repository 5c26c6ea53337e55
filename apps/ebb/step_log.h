// The losses of single steps, in a file of their own: ebb train --log-steps.
#pragma once

#include <fstream>
#include <string>

#include "apps/churn/training/trainer.h"

namespace ebb::program {

/// CSV with a line per step of this process: epoch,step,loss. Each loss is the shortest text that
/// reads back to the same f64.
class StepLog {
 public:
  /// Replaces the file at `path`; writes none where it is empty. Throws IoError.
  explicit StepLog(const std::string& path);

  void add(const churn::StepReport& step);
  /// What was added is in the file on return. Throws IoError.
  void flush();

 private:
  std::string path_;
  std::ofstream file_;
};

}  // namespace ebb::program

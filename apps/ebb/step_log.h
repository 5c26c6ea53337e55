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
  /// Opens the file at `path`, or makes it, and keeps what it holds for now; an empty path: none is
  /// written. Throws IoError.
  explicit StepLog(const std::string& path);

  /// Replaces what the file holds by the header. Throws IoError.
  void start();
  void add(const churn::StepReport& step);
  /// What was added is in the file on return. Throws IoError.
  void flush();

 private:
  std::string path_;
  std::ofstream file_;

  [[noreturn]] void fail_to_write() const;
};

}  // namespace ebb::program

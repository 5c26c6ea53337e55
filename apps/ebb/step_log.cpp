#include "apps/ebb/step_log.h"

#include "kernels/common/error.h"

namespace ebb::program {

StepLog::StepLog(const std::string& path) : path_(path) {
  if (path_.empty()) return;
  file_.open(path_, std::ios::trunc);
  file_ << "epoch,step,loss\n";
  flush();
}

void StepLog::add(const churn::StepReport& step) {
  if (file_.is_open()) file_ << fmt::format("{},{},{}\n", step.epoch, step.step, step.loss);
}

void StepLog::flush() {
  if (path_.empty()) return;
  file_.flush();
  if (!file_) fail<IoError>("{}: the losses of steps cannot be written", path_);
}

}  // namespace ebb::program

#include "apps/ebb/step_log.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "kernels/common/error.h"
#include "kernels/common/system_error.h"

namespace ebb::program {

StepLog::StepLog(const std::string& path) : path_(path) {
  if (path_.empty()) return;
  file_.open(path_, std::ios::app);
  if (!file_) fail_to_write();
}

void StepLog::start() {
  if (path_.empty()) return;
  std::error_code ignored;  // of a pipe, which has nothing to replace
  std::filesystem::resize_file(path_, 0, ignored);
  file_ << "epoch,step,loss\n";
  flush();
}

void StepLog::add(const churn::StepReport& step) {
  if (file_.is_open()) file_ << fmt::format("{},{},{}\n", step.epoch, step.step, step.loss);
}

void StepLog::flush() {
  if (path_.empty()) return;
  file_.flush();
  if (!file_) fail_to_write();
}

void StepLog::fail_to_write() const {
  fail<IoError>("{}: the losses of steps cannot be written: {}; choose another --log-steps", path_,
                reason(errno));
}

}  // namespace ebb::program

#include "apps/ebb/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <nlohmann/json.hpp>

#include "apps/churn/reporting/text_table.h"
#include "kernels/common/error.h"

namespace ebb::program {
namespace {

[[noreturn]] void fail_stdout() {
  fail<IoError>("standard output cannot be written: {}", std::strerror(errno));
}

}  // namespace

Output::Output(const std::string& path) {
  if (path != kStandardOutput) file_ = std::make_unique<AtomicFile>(path);
}

void Output::write(std::string_view text) {
  if (file_ != nullptr) {
    file_->write(text);
  } else if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    fail_stdout();
  }
}

void Output::settle() {
  if (file_ != nullptr) file_->settle();
}

void Output::commit() {
  if (file_ != nullptr) {
    file_->commit();
  } else {
    flush_standard_output();
  }
}

JsonOutput::JsonOutput(const std::string& path) : path_(path) {
  if (path_.empty()) return;
  kept_.emplace(path_);
  if (kept_->has_temporary()) kept_.reset();
}

void JsonOutput::write(const nlohmann::ordered_json& json) {
  if (path_.empty()) return;
  if (!kept_) kept_.emplace(path_);
  kept_->write(json.dump(2) + '\n');
  kept_->commit();
}

void flush_standard_output() {
  if (std::fflush(stdout) != 0) fail_stdout();
}

void warn(std::string_view message) {
  fmt::print(stderr, "warning: {}\n", churn::printable(message));
}

}  // namespace ebb::program

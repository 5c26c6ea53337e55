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

void write_json(Output& output, const nlohmann::ordered_json& json) {
  output.write(json.dump(2) + '\n');
  output.commit();
}

void flush_standard_output() {
  if (std::fflush(stdout) != 0) fail_stdout();
}

void warn(std::string_view message) {
  fmt::print(stderr, "warning: {}\n", churn::printable(message));
}

}  // namespace ebb::program

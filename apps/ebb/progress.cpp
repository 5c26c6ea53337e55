#include "apps/ebb/progress.h"

#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/output.h"

namespace ebb::program {
namespace {

constexpr std::chrono::milliseconds kUpdateInterval{100};

/// "[######......]": `share` of the width done.
std::string bar(double share) {
  constexpr std::size_t kWidth = 30;
  const auto done = static_cast<std::size_t>(share * static_cast<double>(kWidth));
  return '[' + std::string(done, '#') + std::string(kWidth - done, '.') + ']';
}

std::string place(std::int64_t epoch, std::int64_t epochs) {
  const std::string last = fmt::format("{}", epochs);
  return fmt::format("epoch {:>{}}/{}", epoch, last.size(), last);
}

}  // namespace

std::string epoch_line(const churn::EpochRecord& epoch, std::int64_t epochs, double peak_gflops) {
  const double gflops = epoch.gigaflops_per_second;
  const std::string speed = peak_gflops > 0.0
                                ? fmt::format("{:4.1f} % of peak", 100.0 * gflops / peak_gflops)
                                : fmt::format("{:.1f} GFLOP/s", gflops);
  return fmt::format(
      "{}  loss {:.4f}  validation loss {:.4f}  auc {}  learning rate {:.1e}  {:>7} rows/s  {}{}",
      place(epoch.epoch, epochs), epoch.train_loss, epoch.validation_loss,
      churn::format_metric(epoch.validation_auc), epoch.learning_rate,
      churn::format_count(epoch.rows_per_second), speed, epoch.best ? "  best" : "");
}

Progress::Progress(std::int64_t epochs, PeakGauge* peak)
    : epochs_(epochs), peak_(peak), is_terminal_(isatty(STDOUT_FILENO) == 1) {}

void Progress::show_step(const churn::StepReport& step) {
  if (!is_terminal_ || Clock::now() < next_update_) return;
  next_update_ = Clock::now() + kUpdateInterval;
  const double share = static_cast<double>(step.step) / static_cast<double>(step.steps);
  fmt::print("\r{} {} {:3.0f} %  loss {:.4f}\x1b[K", place(step.epoch, epochs_), bar(share),
             100.0 * share, step.loss);
  std::fflush(stdout);
}

void Progress::show_epoch(const churn::EpochRecord& epoch) {
  clear();
  if (peak_ != nullptr) peak_->refresh();
  fmt::print("{}\n", epoch_line(epoch, epochs_, peak_ != nullptr ? peak_->gflops() : 0.0));
  flush_standard_output();
}

void Progress::clear() {
  if (is_terminal_) fmt::print("\r\x1b[K");
}

}  // namespace ebb::program

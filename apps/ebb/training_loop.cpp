#include "apps/ebb/training_loop.h"

#include <cstdio>

#include <fmt/format.h>

#include "apps/ebb/progress.h"

namespace ebb::program {

bool run_epochs(churn::Trainer& trainer, const churn::RunFolder& folder, std::int64_t epochs,
                PeakGauge* peak, StepLog& log, const InterruptGuard& interrupt) {
  Progress progress(epochs, peak);
  // The folder holds something to resume from at every moment, the first epoch included.
  if (trainer.history().empty()) folder.save_checkpoint(trainer.state());
  const auto on_step = [&](const churn::StepReport& step) {
    if (interrupt.requested()) return false;
    log.add(step);
    progress.show_step(step);
    return true;
  };
  while (!trainer.finished()) {
    if (!trainer.run_epoch(on_step)) {
      progress.clear();
      return false;
    }
    log.flush();
    folder.save_checkpoint(trainer.state());
    progress.show_epoch(trainer.history().back());
    if (interrupt.requested() && !trainer.finished()) return false;
  }
  return true;
}

}  // namespace ebb::program

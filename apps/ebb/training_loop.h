// The epochs of a training run: shown, saved, and stopped by Ctrl-C without loss.
#pragma once

#include "apps/churn/artefact/run_folder.h"
#include "apps/churn/training/trainer.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/repetition.h"
#include "apps/ebb/step_log.h"

namespace ebb::program {

/// Runs all epochs that are left, with a checkpoint before the first and after each. Returns
/// whether the training was finished; if not, a signal stopped it, and the folder holds the
/// checkpoint of the last whole epoch. `peak` as for Progress; every step goes to `log`.
bool run_epochs(churn::Trainer& trainer, const churn::RunFolder& folder, std::int64_t epochs,
                PeakGauge* peak, StepLog& log, const InterruptGuard& interrupt);

}  // namespace ebb::program

// The course of a training as a table: history.csv for people, a tensor for resuming.
#pragma once

#include <string>
#include <vector>

#include "apps/churn/training/trainer.h"
#include "engine/tensor/tensor.h"

namespace ebb::churn {

/// One line per epoch below the header epoch,train_loss,...,best; `best` is 0 or 1. Each number is
/// the shortest text that reads back to the same f64.
std::string history_csv(const std::vector<EpochRecord>& history);

/// f64 [epochs, columns of history.csv].
Tensor history_tensor(const std::vector<EpochRecord>& history);
/// The inverse. Throws DataError on another shape or dtype.
std::vector<EpochRecord> history_of(const Tensor& tensor);

}  // namespace ebb::churn

// Training whose numbers have left the range of single precision: how it is found, and told.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/autograd/parameters.h"
#include "engine/optim/optimizer.h"
#include "engine/training/gradient_step.h"
#include "kernels/common/context.h"
#include "kernels/common/error.h"

namespace ebb::churn {

/// A training that cannot go on. The message says where, which tensor went first, and how to mend
/// it.
class DivergenceError : public DataError {
 public:
  using DataError::DataError;
};

/// Both from 1.
struct PlaceInTraining {
  std::int64_t step = 0;  // of the epoch
  std::int64_t epoch = 0;
};

/// Throws DivergenceError. `what`: what is not finite, in words.
[[noreturn]] void fail_diverged(const PlaceInTraining& place, std::string_view what,
                                const StepResult& result);
[[noreturn]] void fail_diverged(std::int64_t epoch, std::string_view what);

/// Throws DivergenceError unless the weights and the optimiser's state are finite. What a step
/// leaves behind shows in the next one; but a second moment that overflowed never does: it holds
/// its parameter still. So all is looked at before an epoch counts.
void require_finite_state(Context& context, const ParameterSet& parameters,
                          const Optimizer& optimizer, std::int64_t epoch);

}  // namespace ebb::churn

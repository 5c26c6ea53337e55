// What the tests of optimisers share: a run of ten steps, and the checks of everything it changed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kernels/common/context.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"

namespace ebb::testing {

/// The part of a run that is the same for every optimiser: parameters, and their average, which
/// begins equal to them. `Update` is the kernel's parameter struct. A run adds the state of its
/// optimiser, sets up `update`, and gives all that a step changes by `outputs()`.
template <class T, class Update>
struct OptimizerRun {
  explicit OptimizerRun(std::int64_t n)
      : parameters(random_normal<T>({n}, 1)), average(parameters) {
    update.parameters = parameters.view();
    update.average = average.view();
    update.average_decay = 0.95;
    update.gradient_scale = 0.37;
  }
  // The views point into the buffers.
  OptimizerRun(const OptimizerRun&) = delete;
  OptimizerRun& operator=(const OptimizerRun&) = delete;

  /// step(update) ten times, each with other gradients; `number` of the step from 1.
  template <class Step>
  void for_each_step(Step&& step) {
    for (std::uint64_t number = 1; number <= 10; ++number) {
      const auto gradients = random_normal<T>(parameters.shape(), 100 + number);
      update.gradients = gradients.view();
      if constexpr (requires { update.step; }) update.step = static_cast<std::int64_t>(number);
      step(update);
    }
  }

  Buffer<T> parameters, average;
  std::vector<kernels::Segment> segments;
  Update update;
};

template <class T>
using NamedBuffers = std::vector<std::pair<std::string, const Buffer<T>*>>;

/// `Run<T>` is an OptimizerRun with run_kernel(threads), run_reference() and outputs(). All outputs
/// follow the error rule on every backend.
template <template <class> class Run, class Case>
void expect_error_rule_over_ten_steps(const Case& c) {
  Run<double> oracle(c);
  Run<float> naive(c);
  oracle.run_reference();
  naive.run_reference();
  // Ten steps round ten times.
  const ErrorRule rule{.factor = 2.0, .floor_ulps = 10.0};
  for_each_backend([&]<class T> {
    Run<T> actual(c);
    actual.run_kernel(2);
    const auto outputs = actual.outputs();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      expect_within(outputs[i].first, *outputs[i].second, *naive.outputs()[i].second,
                    *oracle.outputs()[i].second, rule);
    }
  });
}

template <template <class> class Run, class Case>
void expect_equal_bits_for_any_threads(const Case& c) {
  Run<float> first(c);
  first.run_kernel(1);
  for (const int threads : kThreadCounts) {
    Run<float> other(c);
    other.run_kernel(threads);
    const auto outputs = other.outputs();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      expect_same_bits(outputs[i].first, *first.outputs()[i].second, *outputs[i].second);
    }
  }
}

}  // namespace ebb::testing

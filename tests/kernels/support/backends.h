// Runs a test body on every backend: each instruction set of the CPU, and the storage dtypes of a
// CUDA device. EBB_TEST_DEVICE=cuda takes the CUDA device alone; else it is the CPU alone, so that
// one program serves both.
#pragma once

#include <gtest/gtest.h>

#include "kernels/common/context.h"
#include "kernels/common/instruction_set.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/coverage.h"

namespace ebb::testing {

/// Calls body() once per instruction set that this machine has, best last. For what only the CPU
/// has.
template <class Body>
void for_each_instruction_set(Body&& body) {
  const InstructionSet before = active_instruction_set();
  for (const InstructionSet level : supported_instruction_sets()) {
    SCOPED_TRACE(std::string(name_of(level)));
    use_instruction_set(level);
    body();
  }
  use_instruction_set(before);
}

/// Calls body.operator()<T>() with inputs that T can hold (InputGrid), and notes what was covered,
/// as `numbers`.
template <class T, class Body>
void run_covered(Body&& body, const std::string& numbers = std::string(name_of(dtype_of<T>))) {
  SCOPED_TRACE(to_string(test_device()) + " " + numbers);
  const InputGrid grid(dtype_of<T>);
  note_coverage(test_device(), numbers);
  body.template operator()<T>();
}

/// Calls body.operator()<float>(): on the CPU once per instruction set, or on the CUDA device.
/// Contexts are made for test_device().
template <class Body>
void for_each_backend(Body&& body) {
  if (test_device().is_cuda()) return run_covered<float>(body);
  for_each_instruction_set([&] { run_covered<float>(body); });
}

/// The same, and on a CUDA device body.operator()<T>() for the storage types T = bf16 and f16 too.
template <class Body>
void for_each_storage_backend(Body&& body) {
  for_each_backend(body);
  if (!test_device().is_cuda()) return;
  run_covered<BFloat16>(body);
  run_covered<Float16>(body);
}

inline constexpr int kThreadCounts[] = {1, 2, 3, 4, 5};

}  // namespace ebb::testing

// Runs a test body at every instruction set of the machine and with several thread counts.
#pragma once

#include <gtest/gtest.h>

#include "kernels/common/instruction_set.h"

namespace ebb::testing {

/// Calls body() once per instruction set that this machine has, best last.
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

inline constexpr int kThreadCounts[] = {1, 2, 3, 4, 5};

}  // namespace ebb::testing

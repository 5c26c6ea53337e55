// Asserts what a failing call says.
#pragma once

#include <string_view>

#include <gtest/gtest.h>

#include "kernels/common/error.h"

namespace ebb::testing {

/// call() must throw exactly `Kind` (or a class of it) with exactly this message.
template <class Kind = Error, class Call>
void expect_error(std::string_view message, Call&& call) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << message;
  } catch (const Kind& error) {
    EXPECT_EQ(std::string_view(error.what()), message);
  }
}

}  // namespace ebb::testing

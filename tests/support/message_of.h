// What a failing call says.
#pragma once

#include <exception>
#include <string>

#include <gtest/gtest.h>

#include "kernels/common/error.h"

namespace ebb::testing {

/// The message of the `Kind` that body throws; fails the test if it throws nothing or another kind.
template <class Kind = DataError, class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Kind& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another exception: " << error.what();
    return "";
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace ebb::testing

// Faults of the command line.
#pragma once

#include <string>

#include "kernels/common/error.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace ebb::program {

/// A command line that cannot be followed; the message says why and how to mend it.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// What to tell the user about a command line that CLI11 refused: unknown options and subcommands
/// first, each with the nearest valid one, since they mostly explain whatever else is wrong.
std::string usage_message(const CLI::App& program, const CLI::ParseError& error);

}  // namespace ebb::program

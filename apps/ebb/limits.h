// Checks of option values, without CLI11's notes beside the option's name in --help.
#pragma once

#include <CLI/CLI.hpp>

namespace ebb::program {

/// A number from `lowest` to `highest`.
template <class T>
CLI::Validator within(T lowest, T highest) {
  return CLI::Range(lowest, highest).description("");
}

}  // namespace ebb::program

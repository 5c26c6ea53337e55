// The option --precision, shared by the commands that run a network.
#pragma once

#include <optional>

#include "kernels/common/precision.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ebb::program {

/// Declares --precision f32|tf32|bf16. Without it `precision` stays as it is. Its description:
/// what it is the precision of, where there is which, and the `effect` of bf16.
CLI::Option* declare_precision(CLI::App& command, std::optional<Precision>& precision,
                               const char* subject, const char* effect = "");

}  // namespace ebb::program

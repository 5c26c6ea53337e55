// The option --precision, shared by the commands that run a network.
#pragma once

#include <optional>

#include "kernels/common/precision.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ebb::program {

/// Declares --precision f32|bf16. Without it `precision` stays as it is. Its description: what it
/// is the precision of, where there is bf16, and the `effect` of that.
CLI::Option* declare_precision(CLI::App& command, std::optional<Precision>& precision,
                               const char* subject, const char* effect = "");

}  // namespace ebb::program

// The option --precision, shared by the commands that run a network.
#pragma once

#include <optional>

#include "kernels/common/precision.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ebb::program {

/// Declares --precision f32|tf32|bf16. Without it `precision` stays as it is.
CLI::Option* declare_precision(CLI::App& command, std::optional<Precision>& precision,
                               const char* description);

}  // namespace ebb::program

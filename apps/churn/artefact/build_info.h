// Which build of which program on what kind of machine made a file.
#pragma once

#include <string>

#include "kernels/common/precision.h"

namespace ebb::churn {

/// What bitwise equal results depend on besides data and settings.
struct BuildInfo {
  std::string ebb_version;
  std::string instruction_set;  // "baseline", "avx2" or "avx512"; of bf16 runs "avx512+amx", say
  std::string onednn_version;

  bool operator==(const BuildInfo&) const = default;
};

/// The program that runs, for results of training in `precision`. Settles the instruction set, as
/// active_instruction_set() does.
BuildInfo this_build(Precision precision);

/// "ebb 0.1.0, avx512, oneDNN 2.6.3", printable whatever a file says.
std::string to_string(const BuildInfo& build);

}  // namespace ebb::churn

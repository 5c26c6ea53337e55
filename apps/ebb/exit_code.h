// What the program's exit code means; `ebb --help` lists the same.
#pragma once

namespace ebb::program {

enum class ExitCode : int {
  ok = 0,
  internal_error = 1,  // a fault of ebb
  usage = 2,           // the command line
  data = 3,            // the user's data or configuration, or what this build or machine lacks
  file_system = 4,     // a file that cannot be read or written
  interrupted = 130,   // stopped by a signal; a training that had begun has saved a checkpoint
};

}  // namespace ebb::program

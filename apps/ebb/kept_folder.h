// The folder of a command that keeps what it finds as it goes, and can go on from it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/churn/artefact/locked_folder.h"
#include "apps/ebb/train_arguments.h"

namespace CLI {
class App;
}

namespace ebb::program {

/// Declares --out, --resume and --overwrite.
void declare_kept_folder(CLI::App& command, TrainArguments& arguments);

/// Opens the folder --out, made if need be, for files of these `names`. Throws UsageError if one
/// would replace one of `inputs`, DataError where the first is there, and neither --resume nor
/// --overwrite says what to do with "a ...", which is `what`, and IoError as LockedFolder, or where
/// nothing can be written.
std::unique_ptr<churn::LockedFolder> open_kept_folder(const TrainArguments& arguments,
                                                      std::span<const char* const> names,
                                                      const char* what,
                                                      const std::vector<std::string>& inputs);

/// The command line that goes on from what --out holds.
std::string command_that_resumes(const TrainArguments& arguments);

}  // namespace ebb::program

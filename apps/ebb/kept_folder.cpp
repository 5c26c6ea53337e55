#include "apps/ebb/kept_folder.h"

#include <filesystem>

#include <CLI/CLI.hpp>

#include "apps/ebb/input_files.h"
#include "apps/ebb/shell.h"
#include "engine/io/atomic_file.h"
#include "kernels/common/error.h"

namespace ebb::program {

void declare_kept_folder(CLI::App& command, TrainArguments& arguments) {
  command.add_option("--out", arguments.out, "Folder to keep what is found")
      ->type_name("FOLDER")
      ->group("Run");
  command.add_flag("--resume", arguments.resume, "Go on with what --out holds")->group("Run");
  command.add_flag("--overwrite", arguments.overwrite, "Replace what --out holds")->group("Run");
}

std::unique_ptr<churn::LockedFolder> open_kept_folder(const TrainArguments& arguments,
                                                      std::span<const char* const> names,
                                                      const char* what,
                                                      const std::vector<std::string>& inputs) {
  const std::filesystem::path out = arguments.out;
  for (const char* name : names) refuse_replacing("--out", out / name, inputs);
  if (std::filesystem::exists(out / names.front()) && !arguments.resume && !arguments.overwrite) {
    fail<DataError>("{} holds {}: go on with --resume, or replace it with --overwrite",
                    arguments.out, what);
  }
  auto folder = std::make_unique<churn::LockedFolder>(out);
  // Opening a temporary shows that files can be made, and removes those that a kill left behind.
  for (const char* name : names) const AtomicFile file(out / name);
  return folder;
}

std::string command_that_resumes(const TrainArguments& arguments) {
  std::vector<std::string> again = arguments.command_line;
  // Flags are also spelled --overwrite=true.
  std::erase_if(again, [](const std::string& argument) {
    const std::string name = argument.substr(0, argument.find('='));
    return name == "--overwrite" || name == "--resume";
  });
  again.push_back("--resume");
  return shell_quoted(again);
}

}  // namespace ebb::program

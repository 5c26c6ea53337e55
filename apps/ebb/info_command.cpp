// ebb info: what this machine and build offer, and what a model was trained on.
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <dnnl.hpp>

#include "apps/ebb/commands.h"
#include "kernels/common/context.h"
#include "kernels/common/instruction_set.h"

namespace ebb::program {
namespace {

constexpr const char* kFooter = R"(Examples:
  ebb info                   this program and this machine
  ebb info --model model/    what the model was trained on, and how good it is)";

std::string available_instruction_sets() {
  std::vector<std::string_view> names;
  for (const InstructionSet level : supported_instruction_sets()) names.push_back(name_of(level));
  return fmt::format("{}", fmt::join(names, ", "));
}

void print_machine() {
  const dnnl_version_t* onednn = dnnl_version();
  fmt::print("ebb              {}\n", EBB_VERSION);
  fmt::print("devices          cpu\n");
  fmt::print("instruction set  {} (this machine has {}; EBB_ISA=NAME chooses)\n",
             name_of(active_instruction_set()), available_instruction_sets());
  fmt::print("threads          {} (--threads N or OMP_NUM_THREADS=N chooses)\n", default_threads());
  fmt::print("oneDNN           {}.{}.{}\n", onednn->major, onednn->minor, onednn->patch);
}

}  // namespace

void add_info(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("info", "Show this program, this machine, or a model");
  command->footer(kFooter);
  auto model = std::make_shared<std::string>();
  command->add_option("--model", *model, "Folder of a trained model")->type_name("FOLDER");
  command->callback([&chosen, model] {
    chosen = [model] {
      if (model->empty()) print_machine();
      return ExitCode::ok;
    };
  });
}

}  // namespace ebb::program

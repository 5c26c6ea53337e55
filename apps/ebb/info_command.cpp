// ebb info: what this machine and build offer, and what a model was trained on.
#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <dnnl.hpp>
#include <nlohmann/json.hpp>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/reporting/text_table.h"
#include "apps/churn/reporting/training_report.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/devices.h"
#include "apps/ebb/wait_policy.h"
#include "kernels/bf16_product/bf16_product.h"
#include "kernels/common/context.h"
#include "kernels/common/instruction_set.h"

namespace ebb::program {
namespace {

constexpr const char* kInfoFooter = R"(Examples:
  ebb info                   this program and this machine
  ebb info --model model/    what the model was trained on, and how good it is)";

std::string available_instruction_sets() {
  std::vector<std::string_view> names;
  for (const InstructionSet level : supported_instruction_sets()) names.push_back(name_of(level));
  return fmt::format("{}", fmt::join(names, ", "));
}

void print_machine() {
  const dnnl_version_t* onednn = dnnl_version();
  const std::string_view instruction_set = name_of(active_instruction_set());  // throws first
  fmt::print("ebb              {}\n", EBB_VERSION);
  print_devices();
  fmt::print("instruction set  {} (this machine has {}; EBB_ISA=NAME chooses)\n", instruction_set,
             available_instruction_sets());
  const std::string no_bf16 = kernels::bf16_product_unsupported(Device{});
  fmt::print("bf16             {}\n",
             no_bf16.empty() ? fmt::format("by {} (--precision bf16)", name_of(active_bf16_unit()))
                             : fmt::format("not available: {}", no_bf16));
  fmt::print("threads          {} (--threads N or OMP_NUM_THREADS=N chooses)\n", default_threads());
  fmt::print("waiting threads  {}\n", wait_policy());
  fmt::print("oneDNN           {}.{}.{}\n", onednn->major, onednn->minor, onednn->patch);
}

void print_names(const char* title, std::vector<std::string> names) {
  for (std::string& name : names) name = churn::printable(name);
  if (!names.empty()) fmt::print("{:<15}  {}\n", title, fmt::join(names, ", "));
}

void print_model(const std::string& path) {
  const churn::ModelFile model = churn::load_model(path);
  const preprocessing::Pipeline& pipeline = model.pipeline;
  const auto json = nlohmann::ordered_json::parse(model.metrics);
  fmt::print("made by          {}\n", churn::to_string(model.build));
  fmt::print("trained on       {}, {:.1f} % \"{}\"\n",
             churn::format_counted(pipeline.training_rows(), "row"),
             100.0 * model.training_base_rate, churn::printable(pipeline.classes()[1]));
  fmt::print("target           {}: \"{}\" against \"{}\"\n", churn::printable(pipeline.target()),
             churn::printable(pipeline.classes()[1]), churn::printable(pipeline.classes()[0]));
  std::vector<std::string> names;
  for (const auto& feature : pipeline.numbers()) names.push_back(feature.name);
  print_names("numbers", names);
  print_names("categories", pipeline.category_names());
  names.clear();
  for (const auto& column : pipeline.dropped()) {
    names.push_back(fmt::format("{} ({})", column.name, reason_name(column.reason)));
  }
  print_names("left out", names);
  fmt::print("network          {} layers of width {}, {} heads: {} parameters, epoch {} of {}\n",
             model.config.model.layers, model.config.model.dim, model.config.model.heads,
             churn::format_count(json.at("parameters").get<double>()),
             json.at("best_epoch").get<std::uint64_t>(), json.at("epochs").get<std::uint64_t>());
  if (!model.calibration.why().empty()) {
    fmt::print("calibration      {}\n", churn::printable(model.calibration.why()));
  }
  fmt::print("threshold        {}\n\n{}", churn::explain(model.threshold, model.config.decision),
             churn::report_table(json));
}

}  // namespace

void add_info(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("info", "Show this program, this machine, or a model");
  command->footer(kInfoFooter);
  auto model = std::make_shared<std::string>();
  command->add_option("--model", *model, "Folder of a trained model")->type_name("FOLDER");
  command->callback([&chosen, model] {
    chosen = [model] {
      if (model->empty()) {
        print_machine();
      } else {
        print_model(*model);
      }
      return ExitCode::ok;
    };
  });
}

}  // namespace ebb::program

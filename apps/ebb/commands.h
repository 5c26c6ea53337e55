// The subcommands, one file each. Each add_ function declares a subcommand; when that is the one on
// the command line, parsing sets `chosen` to what shall run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/ebb/exit_code.h"

namespace CLI {
class App;
}

namespace ebb::program {

using Command = std::function<ExitCode()>;

void add_audit(CLI::App& program, Command& chosen);
/// `command_line`: the whole of it, to say how to resume.
void add_train(CLI::App& program, Command& chosen, const std::vector<std::string>& command_line);
void add_cv(CLI::App& program, Command& chosen, const std::vector<std::string>& command_line);
void add_tune(CLI::App& program, Command& chosen, const std::vector<std::string>& command_line);
void add_ensemble(CLI::App& program, Command& chosen, const std::vector<std::string>& command_line);
void add_prepare(CLI::App& program, Command& chosen);
void add_evaluate(CLI::App& program, Command& chosen);
void add_report(CLI::App& program, Command& chosen);
void add_predict(CLI::App& program, Command& chosen);
void add_offers(CLI::App& program, Command& chosen);
void add_explain(CLI::App& program, Command& chosen);
void add_segment(CLI::App& program, Command& chosen);
void add_profile(CLI::App& program, Command& chosen);
void add_events(CLI::App& program, Command& chosen);
void add_bench(CLI::App& program, Command& chosen);
void add_info(CLI::App& program, Command& chosen);

}  // namespace ebb::program

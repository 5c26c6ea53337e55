// ebb: trains, measures and applies churn models. Only this folder prints or exits.
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/churn/reporting/text_table.h"
#include "apps/ebb/commands.h"
#include "apps/ebb/output.h"
#include "apps/ebb/usage.h"
#include "apps/ebb/wait_policy.h"
#include "kernels/common/freed_memory.h"

namespace ebb::program {
namespace {

constexpr const char* kProgramFooter = R"(A first session:
  ebb audit    --data users.csv --target churn
  ebb train    --data users.csv --target churn --id-column user_id --out model/
  ebb evaluate --model model/ --data labelled.csv
  ebb report   --model model/ --data users.csv --out report.html
  ebb predict  --model model/ --data new.csv --out scores.csv
  ebb explain  --model model/ --data new.csv --out reasons.csv
`ebb train --help` shows more examples. From a log of events instead of a table of customers:
  ebb events --data orders.csv --customer user_id --time date --cutoff 2024-06-30 --window 90d --out users.csv

Exit codes:
  0    success
  1    internal error
  2    wrong command line
  3    bad data or configuration, or something this build or machine lacks
  4    a file cannot be read or written
  130  interrupted; if training had begun, a checkpoint is saved: continue with --resume)";

void declare_commands(CLI::App& program, Command& chosen,
                      const std::vector<std::string>& command_line) {
  program.name("ebb");
  program.footer(kProgramFooter);
  program.set_version_flag("--version", "ebb " EBB_VERSION);
  program.require_subcommand(1);
  program.get_formatter()->column_width(34);
  add_audit(program, chosen);
  add_train(program, chosen, command_line);
  add_cv(program, chosen, command_line);
  add_tune(program, chosen, command_line);
  add_ensemble(program, chosen, command_line);
  add_prepare(program, chosen);
  add_evaluate(program, chosen);
  add_report(program, chosen);
  add_predict(program, chosen);
  add_offers(program, chosen);
  add_explain(program, chosen);
  add_segment(program, chosen);
  add_profile(program, chosen);
  add_events(program, chosen);
  add_bench(program, chosen);
  add_info(program, chosen);
}

ExitCode say_error(ExitCode code, std::string_view message) {
  std::fflush(stdout);  // so that what was said before stands before
  fmt::print(stderr, "{}\n", churn::printable(message, "\n"));
  return code;
}

ExitCode complain(ExitCode code, std::string_view message) {
  return say_error(code, fmt::format("ebb: {}", message));
}

ExitCode run_command(const Command& command) {
  try {
    const ExitCode code = command();
    flush_standard_output();
    return code;
  } catch (const UsageError& error) {
    return complain(ExitCode::usage, error.what());
  } catch (const IoError& error) {
    return complain(ExitCode::file_system, error.what());
  } catch (const DataError& error) {
    return complain(ExitCode::data, error.what());
  } catch (const UnsupportedError& error) {
    return complain(ExitCode::data, error.what());
  } catch (const std::system_error& error) {  // fmt::print, when its stream cannot be written
    return complain(ExitCode::file_system, error.what());
  } catch (const std::bad_alloc&) {
    return complain(ExitCode::data,
                    "there is not enough memory: take a smaller table, batch or model");
  } catch (const std::exception& error) {
    return complain(ExitCode::internal_error, error.what());
  }
}

ExitCode parse_and_run(int count, char** arguments) {
  CLI::App program("Predicts which customers are about to leave.");
  Command chosen;
  declare_commands(program, chosen, {arguments, arguments + count});
  try {
    program.parse(count, arguments);
  } catch (const CLI::Success& request) {  // --help and --version
    return run_command([&] {
      program.exit(request);
      std::cout.flush();
      if (!std::cout) fail<IoError>("standard output cannot be written");
      return ExitCode::ok;
    });
  } catch (const CLI::ParseError& error) {
    return say_error(ExitCode::usage, usage_message(program, error));
  }
  return run_command(chosen);
}

}  // namespace
}  // namespace ebb::program

int main(int count, char** arguments) {
  ebb::program::settle_wait_policy(arguments);
  ebb::keep_freed_memory();
  // A file that may not grow further is then an error that is reported, and no sudden end.
  std::signal(SIGXFSZ, SIG_IGN);
  return static_cast<int>(ebb::program::parse_and_run(count, arguments));
}

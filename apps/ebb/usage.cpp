#include "apps/ebb/usage.h"

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>

#include "preprocessing/common/names.h"

namespace ebb::program {
namespace {

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> subcommand_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* subcommand : command.get_subcommands(nullptr)) {
    names.push_back(subcommand->get_name());
  }
  return names;
}

/// The command as it was typed: "ebb", "ebb bench step".
std::string path_of(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : path_of(*parent) + " " + command.get_name();
}

/// The innermost subcommand on the command line.
const CLI::App& innermost(const CLI::App& command) {
  const std::vector<CLI::App*> chosen = command.get_subcommands();
  return chosen.empty() ? command : innermost(*chosen.back());
}

/// The nearest valid name: one that begins with what was typed, else the nearest by edit distance.
std::string suggestion(const std::string& typed, const std::vector<std::string>& names) {
  const auto longer = std::find_if(names.begin(), names.end(), [&](const std::string& name) {
    return typed.size() > 3 && name.starts_with(typed);
  });
  if (longer != names.end()) return fmt::format(" Did you mean \"{}\"?", *longer);
  return preprocessing::suggest_names(typed, names);
}

std::string unknown_argument(const CLI::App& command, const std::string& argument) {
  if (argument.starts_with('-')) {
    const std::string name = argument.substr(0, argument.find('='));
    return fmt::format("{}: unknown option {}.{}", path_of(command), name,
                       suggestion(name, option_names(command)));
  }
  const std::vector<std::string> subcommands = subcommand_names(command);
  if (!subcommands.empty()) {
    return fmt::format("{}: unknown command \"{}\".{}", path_of(command), argument,
                       suggestion(argument, subcommands));
  }
  return fmt::format("{}: unexpected argument \"{}\"; every value follows an option",
                     path_of(command), argument);
}

/// CLI11 says "--epochs: 1 required N missing" or "--epochs: At Most 1 required but received 2".
std::string wrong_number_of_values(const CLI::App& command, const std::string& message) {
  const std::string name = message.substr(0, message.find(':'));
  const CLI::Option* option = command.get_option_no_throw(name);
  if (option == nullptr) return message;
  const std::size_t count = option->count();
  if (count < 2)
    return fmt::format("{} has no value; write {} {}", name, name, option->get_type_name());
  return fmt::format("{} is given {}; give it once", option->get_name(false, true),
                     count == 2 ? "twice" : fmt::format("{} times", count));
}

std::string problem_of(const CLI::App& command, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return error.what();
  return wrong_number_of_values(command, error.what());
}

/// `command` is there for its subcommands, and none was given.
bool lacks_command(const CLI::App& command, const CLI::ParseError& error) {
  return dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
         !subcommand_names(command).empty();
}

std::string missing_command(const CLI::App& command) {
  std::string message = fmt::format("{}: a command is missing. There are:", path_of(command));
  for (const CLI::App* subcommand : command.get_subcommands(nullptr)) {
    message += fmt::format("\n  {:<10} {}", subcommand->get_name(), subcommand->get_description());
  }
  return message;
}

}  // namespace

std::string usage_message(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App& command = innermost(program);
  const std::string advice = fmt::format("See {} --help", path_of(command));
  const std::vector<std::string> unknown = command.remaining();
  if (!unknown.empty()) return unknown_argument(command, unknown.front()) + "\n" + advice;
  if (lacks_command(command, error)) return missing_command(command) + "\n" + advice;
  return fmt::format("{}: {}\n{}", path_of(command), problem_of(command, error), advice);
}

}  // namespace ebb::program

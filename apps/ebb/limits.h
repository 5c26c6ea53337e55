// Checks of option values, without CLI11's notes beside the option's name in --help.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace ebb::program {

/// A number from `lowest` to `highest`. Unlike CLI11's own check it refuses NaN.
template <class T>
CLI::Validator within(T lowest, T highest) {
  const auto check = [lowest, highest](const std::string& text) -> std::string {
    T value{};
    if (CLI::detail::lexical_cast(text, value) && value >= lowest && value <= highest) return {};
    return fmt::format("\"{}\" is not a {} from {} to {}", text,
                       std::is_integral_v<T> ? "whole number" : "number", lowest, highest);
  };
  return {[check](std::string& text) { return check(text); }, ""};
}

/// One of `names`.
inline CLI::Validator one_of(std::vector<std::string> names) {
  const auto check = [names = std::move(names)](const std::string& text) -> std::string {
    if (std::find(names.begin(), names.end(), text) != names.end()) return {};
    return fmt::format("\"{}\" is not {}", text, fmt::join(names, " or "));
  };
  return {[check](std::string& text) { return check(text); }, ""};
}

}  // namespace ebb::program

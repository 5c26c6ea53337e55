// Checks of option values, without CLI11's notes beside the option's name in --help.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/churn/config/setting_builder.h"
#include "kernels/common/error.h"

namespace ebb::program {

/// A decimal number from `lowest` to `highest`, for CLI::Option::transform(), so that CLI11 reads
/// what was checked: alone it would take NaN, read 010 as eight, and cut what is too large to the
/// largest number.
template <class T>
CLI::Validator within(T lowest, T highest) {
  const auto check = [lowest, highest](std::string& text) -> std::string {
    T value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc{} && stop == end && value >= lowest && value <= highest) {
      text = fmt::to_string(value);
      return {};
    }
    return fmt::format("\"{}\" is not a {} from {} to {}", text,
                       std::is_integral_v<T> ? "whole number" : "number", lowest, highest);
  };
  return {check, ""};
}

/// The same within a range with open ends.
inline CLI::Validator within(const churn::NumberRange& range) {
  const auto check = [range](std::string& text) -> std::string {
    double value = 0.0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc{} && stop == end && range.contains(value)) return {};
    return fmt::format("\"{}\" is not {}", text, range.describe());
  };
  return {check, ""};
}

/// What `parse` takes; its message where it throws.
template <class Parse>
CLI::Validator parsed_by(Parse parse) {
  const auto check = [parse](const std::string& text) -> std::string {
    try {
      static_cast<void>(parse(text));
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  };
  return {[check](std::string& text) { return check(text); }, ""};
}

/// One of `names`, of which there are two at least.
inline CLI::Validator one_of(std::vector<std::string> names) {
  const auto check = [names = std::move(names)](const std::string& text) -> std::string {
    if (std::find(names.begin(), names.end(), text) != names.end()) return {};
    return fmt::format("\"{}\" is not {} or {}", text,
                       fmt::join(names.begin(), names.end() - 1, ", "), names.back());
  };
  return {[check](std::string& text) { return check(text); }, ""};
}

}  // namespace ebb::program

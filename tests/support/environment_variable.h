// A variable of the environment that a test changes, for the processes that it starts.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace ebb::testing {

/// Has another value while it lives.
class EnvironmentVariable {
 public:
  /// `change`: what to make of the value before, which is empty where there was none.
  template <class Change>
  EnvironmentVariable(const char* name, Change&& change) : name_(name) {
    const char* value = std::getenv(name);
    if (value != nullptr) before_ = value;
    const std::string changed = change(std::string_view(before_.value_or("")));
    setenv(name, changed.c_str(), 1);
  }
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;
  ~EnvironmentVariable() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace ebb::testing

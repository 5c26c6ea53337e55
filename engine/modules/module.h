// What all modules have in common: declared in a Scope, run on a Pass.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// A function of one tensor with parameters of its own. A module declares its parameters in its
/// constructor; ParameterSet::initialize then gives them memory and first values.
class Module {
 public:
  Module() = default;
  /// A module whose name, for messages, is that of `scope`.
  explicit Module(const Scope& scope) : path_(scope.path()) {}
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  virtual ~Module() = default;

  virtual Tensor forward(const Pass& pass, const Tensor& input) const = 0;

  const std::string& path() const { return path_; }

 private:
  std::string path_;  // empty: nameless
};

/// As long as it lives, what a pass records belongs to a module: `const ModuleScope here(pass,
/// *this)` at the start of forward().
class ModuleScope {
 public:
  ModuleScope(const Pass& pass, const Module& module) : tape_(pass.tape) {
    if (tape_ != nullptr) outer_ = tape_->enter_module(&module.path());
  }
  ModuleScope(const ModuleScope&) = delete;
  ModuleScope& operator=(const ModuleScope&) = delete;
  ~ModuleScope() {
    if (tape_ != nullptr) tape_->enter_module(outer_);
  }

 private:
  Tape* tape_;
  const std::string* outer_ = nullptr;
};

}  // namespace ebb

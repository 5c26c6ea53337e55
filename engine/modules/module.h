// What all modules have in common: declared in a Scope, run on a Pass.
#pragma once

#include "engine/pass.h"

namespace ebb {

/// A function of one tensor with parameters of its own. A module declares its parameters in its
/// constructor; ParameterSet::initialize then gives them memory and first values.
class Module {
 public:
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  virtual ~Module() = default;

  virtual Tensor forward(const Pass& pass, const Tensor& input) const = 0;
};

}  // namespace ebb

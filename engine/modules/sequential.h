// Modules one after the other.
#pragma once

#include <memory>
#include <vector>

#include "engine/modules/module.h"

namespace ebb {

/// Feeds each module the result of the one before.
class Sequential : public Module {
 public:
  /// Appends a module made from the scope "<index>" below `scope`, as PyTorch names them.
  template <class M, class... Arguments>
  M& add(const Scope& scope, Arguments&&... arguments) {
    auto module = std::make_unique<M>(scope.child(std::to_string(modules_.size())),
                                      std::forward<Arguments>(arguments)...);
    M& added = *module;
    modules_.push_back(std::move(module));
    return added;
  }

  Tensor forward(const Pass& pass, const Tensor& input) const override {
    Tensor value = input;
    for (const auto& module : modules_) value = module->forward(pass, value);
    return value;
  }

 private:
  std::vector<std::unique_ptr<Module>> modules_;
};

}  // namespace ebb

// A table of learned vectors.
#pragma once

#include "engine/modules/module.h"
#include "engine/operations/embedding.h"

namespace ebb {

/// Indices i32 [...] -> [..., dim]. Parameter: weight [count, dim], standard normal if nothing else
/// is asked for.
class Embedding : public Module {
 public:
  Embedding(const Scope& scope, std::int64_t count, std::int64_t dim,
            Initializer initializer = {Initializer::Kind::normal, 1.0})
      : Module(scope), weight_(scope.parameter("weight", {count, dim}, initializer, false)) {}

  Tensor forward(const Pass& pass, const Tensor& indices) const override {
    const ModuleScope here(pass, *this);
    return embedding(pass, pass.parameter(weight_), indices);
  }

 private:
  const Parameter& weight_;
};

}  // namespace ebb

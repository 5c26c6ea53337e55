// A table of learned vectors.
#pragma once

#include "engine/modules/module.h"
#include "engine/operations/embedding.h"

namespace ebb {

/// Indices i32 [...] -> [..., dim]. Parameter: weight [count, dim], normal with `deviation`.
class Embedding : public Module {
 public:
  Embedding(const Scope& scope, std::int64_t count, std::int64_t dim, double deviation = 1.0)
      : weight_(scope.parameter("weight", {count, dim}, {Initializer::Kind::normal, deviation},
                                false)) {}

  Tensor forward(const Pass& pass, const Tensor& indices) const override {
    return embedding(pass, pass.parameter(weight_), indices);
  }

 private:
  const Parameter& weight_;
};

}  // namespace ebb

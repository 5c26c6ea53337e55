// Operands of tests of bf16 products.
#pragma once

#include <vector>

#include "kernels/bf16_product/bf16_product.h"
#include "tests/kernels/support/buffer.h"

namespace ebb::testing {

/// The values rounded to bf16 one by one, with a view.
class Rounded {
 public:
  explicit Rounded(const Buffer<float>& from) : shape_(from.shape()) {
    for (const float value : from.values()) values_.push_back(to_bfloat16(value));
  }
  ConstView view() const { return {values_.data(), DType::bf16, shape_}; }

 private:
  Shape shape_;
  std::vector<BFloat16> values_;
};

}  // namespace ebb::testing

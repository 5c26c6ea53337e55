// Operands of tests of bf16 products.
#pragma once

#include "kernels/bf16_product/bf16_product.h"
#include "tests/kernels/support/buffer.h"

namespace ebb::testing {

/// The values rounded to bf16 one by one, with a view.
class Rounded {
 public:
  explicit Rounded(const Buffer<float>& from) : values_(converted<BFloat16>(from)) {}
  ConstView view() const { return values_.view(); }

 private:
  Buffer<BFloat16> values_;
};

}  // namespace ebb::testing

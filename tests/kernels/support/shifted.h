// Operands that begin one element past an aligned address.
#pragma once

#include "tests/kernels/support/buffer.h"

namespace ebb::testing {

/// The same values, where no access of more than one element is aligned.
template <class T>
class Shifted {
 public:
  explicit Shifted(const Buffer<T>& from)
      : shape_(from.shape()), memory_({from.shape().elements() + 1}) {
    std::copy_n(from.data(), from.size(), memory_.data() + 1);
  }

  View view() { return {memory_.data() + 1, dtype_of<T>, shape_}; }
  /// Back in a buffer of its own.
  Buffer<T> values() const {
    Buffer<T> values(shape_);
    std::copy_n(memory_.data() + 1, values.size(), values.data());
    return values;
  }

 private:
  Shape shape_;
  Buffer<T> memory_;
};

}  // namespace ebb::testing

// Dropout as a plain loop: the oracle and the CPU implementation of f64.
#pragma once

#include <cstdint>

#include "kernels/dropout/dropout.h"

namespace ebb::kernels::reference {

template <class T>
void dropout(const Dropout& p) {
  for (std::int64_t i = 0; i < p.input.elements(); ++i) {
    const float factor = p.dropout.active() ? dropout_factor(p.dropout, i) : 1.0F;
    p.output.as<T>()[i] = p.input.as<T>()[i] * static_cast<T>(factor);
  }
}

}  // namespace ebb::kernels::reference

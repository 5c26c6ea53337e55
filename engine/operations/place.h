// Where the tensors of an operation lie: looked at once, when it is entered, since a kernel is
// given bare addresses.
#pragma once

#include <initializer_list>
#include <string_view>

#include "engine/pass.h"

namespace ebb {

/// An operand by the name that messages give it; one that is left out is undefined.
struct Operand {
  std::string_view name;
  const Tensor& tensor;
};

/// Throws Error unless all lie on the device of `context`.
inline void require_same_device(std::string_view operation, const Context& context,
                                std::initializer_list<Operand> operands) {
  for (const Operand& operand : operands) {
    if (!operand.tensor.defined() || operand.tensor.device() == context.device()) continue;
    fail("{}: {} is on {}, the context on {}; bring them together with Tensor::to()", operation,
         operand.name, to_string(operand.tensor.device()), to_string(context.device()));
  }
}

/// The same of the context of a pass, whose tape must work there too.
inline void require_same_device(std::string_view operation, const Pass& pass,
                                std::initializer_list<Operand> operands) {
  require_same_device(operation, pass.context, operands);
  if (pass.tape == nullptr || pass.tape->context().device() == pass.context.device()) return;
  fail("{}: the tape is on {}, the context on {}; give both one context", operation,
       to_string(pass.tape->context().device()), to_string(pass.context.device()));
}

}  // namespace ebb

// Every operation of kernels/ with operands that fit: what the tests of bad launches change one at
// a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::testing {

/// What an operand holds before the operation.
enum class Contents {
  normal,
  positive,
  ascending,  // along the last dimension
  small,      // whole numbers from 0 to 2
  unwritten,  // NaN: the operation is to write every element
};

struct OperandSpec {
  std::string name;  // as messages call it
  Shape shape;
  DType dtype = DType::f32;
  Contents contents = Contents::normal;
  bool any_rows = false;  // its first extent is that of no other operand
  bool any_shape = false;
  bool any_strides = false;  // it may have gaps
  bool any_type = false;
};

struct Operation {
  std::string name;
  std::vector<OperandSpec> operands;
  std::function<void(Context&, const std::vector<View>&)> run;
  bool drops = false;  // with the probability that every_operation() was given
};

/// All of them in `dtype`, on `rows` rows of `columns` columns; either may be 0.
std::vector<Operation> every_operation(std::int64_t rows, std::int64_t columns, DType dtype,
                                       float dropout_probability = 0.5F);

}  // namespace ebb::testing

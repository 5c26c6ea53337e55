// Memory of operands that OperandSpecs describe.
#pragma once

#include <vector>

#include "kernels/common/view.h"
#include "tests/kernels/support/every_operation.h"
#include "tests/support/test_device.h"

namespace ebb::testing {

/// An operand in memory of its own, exactly as long as it needs to be. With `shifted` it begins one
/// element behind the start, so that no access of more than one element is aligned.
class OperandMemory {
 public:
  OperandMemory(const OperandSpec& spec, std::uint64_t seed, bool shifted);

  const View& view() const { return view_; }
  std::vector<double> values() const;
  /// Whether what lies before a shifted operand is as it was.
  bool untouched_before() const;

 private:
  TestMemory memory_;
  std::size_t before_;  // bytes
  View view_;
};

/// Those of one operation.
class Operands {
 public:
  /// `shifted(i)`: whether operand i is not aligned.
  template <class Shifted>
  Operands(const Operation& operation, Shifted&& shifted) {
    for (std::size_t i = 0; i < operation.operands.size(); ++i) {
      views_.push_back(memory_.emplace_back(operation.operands[i], i, shifted(i)).view());
    }
  }
  explicit Operands(const Operation& operation)
      : Operands(operation, [](std::size_t) { return false; }) {}

  const std::vector<View>& views() const { return views_; }
  const OperandMemory& operator[](std::size_t i) const { return memory_[i]; }

 private:
  std::vector<OperandMemory> memory_;
  std::vector<View> views_;
};

}  // namespace ebb::testing

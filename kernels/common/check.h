// Checks of operands, shared by the x.cpp of every operation: messages name the operation, the
// parameter, what it is and what was expected.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/common/error.h"
#include "kernels/common/philox.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Checks the operands of one operation and throws Error with a message that starts with its name.
class OperandCheck {
 public:
  explicit OperandCheck(std::string_view operation) : operation_(operation) {}

  /// `view` must be present and have `shape`; `why` says where that shape comes from.
  template <class Pointer>
  void shape(std::string_view name, const BasicView<Pointer>& view, const Shape& shape,
             std::string_view why) const {
    present(name, view);
    if (view.shape == shape) return;
    fail("{}: {} is {}, expected {} ({})", operation_, name, to_string(view.shape),
         to_string(shape), why);
  }

  /// `view` must be of `dtype`, and begin where such an element may.
  template <class Pointer>
  void dtype(std::string_view name, const BasicView<Pointer>& view, DType dtype) const {
    if (view.dtype != dtype) {
      fail("{}: {} has dtype {}, expected {}", operation_, name, name_of(view.dtype),
           name_of(dtype));
    }
    if (reinterpret_cast<std::uintptr_t>(view.data) % size_of(dtype) == 0) return;
    fail("{}: {} begins within an element, expected an address that {} bytes divide; copy it first",
         operation_, name, size_of(dtype));
  }

  template <class Pointer>
  void contiguous(std::string_view name, const BasicView<Pointer>& view) const {
    if (view.contiguous()) return;
    fail("{}: {} {} with strides {} is not contiguous; copy it first", operation_, name,
         to_string(view.shape), to_string(view.strides));
  }

  /// Present, of the shape and dtype given, without gaps: what most operands must be.
  template <class Pointer>
  void dense(std::string_view name, const BasicView<Pointer>& view, DType type,
             const Shape& expected, std::string_view why) const {
    shape(name, view, expected, why);
    dtype(name, view, type);
    contiguous(name, view);
  }

  /// A probability outside [0, 1), or so close to 1 that its 16-bit threshold would keep nothing,
  /// is refused.
  void dropout(const DropoutSpec& spec) const {
    if (spec.probability >= 0.0F && spec.probability < 1.0F && spec.threshold() < 65536u) return;
    fail("{}: dropout probability is {}, expected one in [0, 1)", operation_, spec.probability);
  }

  template <class Pointer>
  void present(std::string_view name, const BasicView<Pointer>& view) const {
    // An empty tensor may have no memory, so only a view without dimensions counts as absent.
    if (view.present() || view.elements() == 0) return;
    fail("{}: {} is missing", operation_, name);
  }

 private:
  std::string_view operation_;
};

}  // namespace ebb::kernels

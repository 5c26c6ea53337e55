// From a dtype known when the program runs to the type of its elements.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/common/dtype.h"

namespace ebb::kernels {

/// Calls body(std::type_identity<T>()) for the element type T of `dtype`.
template <class Body>
void with_element_type(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body(std::type_identity<float>());
    case DType::f64:
      return body(std::type_identity<double>());
    case DType::bf16:
      return body(std::type_identity<BFloat16>());
    case DType::f16:
      return body(std::type_identity<Float16>());
    case DType::i32:
      return body(std::type_identity<std::int32_t>());
    case DType::i64:
      return body(std::type_identity<std::int64_t>());
    case DType::u8:
      return body(std::type_identity<std::uint8_t>());
  }
}

}  // namespace ebb::kernels

#include "tests/kernels/support/operand_memory.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/elementwise/elementwise_element_types.h"
#include "tests/kernels/support/buffer.h"

namespace ebb::testing {
namespace {

using ebb::kernels::with_element_type;

constexpr std::byte kUntouched{0x5A};

/// Of element `i`, for which `normal` was drawn.
double content(const OperandSpec& spec, double normal, std::int64_t i) {
  switch (spec.contents) {
    case Contents::normal:
      return normal;
    case Contents::positive:
      return 0.5 + std::fabs(normal);
    case Contents::ascending:
      return static_cast<double>(i % std::max<std::int64_t>(spec.shape[-1], 1)) - 1.0;
    case Contents::small:
      return static_cast<double>(i % 3);
    case Contents::unwritten:
      break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

OperandMemory::OperandMemory(const OperandSpec& spec, std::uint64_t seed, bool shifted)
    : before_(shifted ? size_of(spec.dtype) : 0) {
  const std::int64_t count = spec.shape.elements();
  memory_ = test_memory(before_ + static_cast<std::size_t>(count) * size_of(spec.dtype));
  std::fill_n(memory_.get(), before_, kUntouched);
  view_ = View(memory_.get() + before_, spec.dtype, spec.shape);
  const auto normal = random_normal<double>(spec.shape, seed);
  with_element_type(spec.dtype, [&]<class T>(std::type_identity<T>) {
    for (std::int64_t i = 0; i < count; ++i) {
      view_.as<T>()[i] = to_number<T>(content(spec, normal[static_cast<std::size_t>(i)], i));
    }
  });
}

std::vector<double> OperandMemory::values() const {
  std::vector<double> values;
  with_element_type(view_.dtype, [&]<class T>(std::type_identity<T>) {
    for (std::int64_t i = 0; i < view_.elements(); ++i) {
      values.push_back(to_double(view_.as<T>()[i]));
    }
  });
  return values;
}

bool OperandMemory::untouched_before() const {
  return std::all_of(memory_.get(), memory_.get() + before_,
                     [](std::byte byte) { return byte == kUntouched; });
}

}  // namespace ebb::testing

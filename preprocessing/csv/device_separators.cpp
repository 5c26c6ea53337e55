#include "preprocessing/csv/device_separators.h"

#include "kernels/common/check.h"
#include "preprocessing/csv/device_separators_backends.h"

namespace ebb::preprocessing {

DeviceSeparators find_separators(Context& context, const Tensor& text, char delimiter) {
  kernels::OperandCheck("find_separators")
      .dense("text", text.view(), DType::u8, {text.extent(0)}, "[bytes]");
  constexpr std::int64_t kMost = std::int64_t{1} << 32;
  if (text.elements() >= kMost) {
    fail("find_separators: the text has {} bytes, expected less than 4 GiB", text.elements());
  }
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda() && text.elements() > 0) {
      return cuda::find_separators(context, text, delimiter);
    }
  }
  return cpu::find_separators(context, text, delimiter);
}

}  // namespace ebb::preprocessing

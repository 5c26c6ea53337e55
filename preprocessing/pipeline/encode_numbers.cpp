#include "preprocessing/pipeline/encode_numbers.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/support.h"
#include "preprocessing/pipeline/encode_numbers_backends.h"

namespace ebb::preprocessing {

std::string encode_numbers_unsupported(Device device) { return device_unavailable(device); }

void encode_numbers(Context& context, const EncodeNumbers& p) {
  constexpr std::string_view kName = "encode_numbers";
  kernels::require_supported(kName, encode_numbers_unsupported(context.device()));
  auto columns = static_cast<std::int64_t>(p.features.size());
  for (const NumberInput& feature : p.features) columns += feature.has_indicator ? 1 : 0;
  kernels::OperandCheck(kName).dense("output", p.output, DType::f32, {p.rows, columns},
                                     "[rows, features + indicators]");
  if (p.output.elements() == 0) return;
  kernels::run_on_device<cpu::encode_numbers, cuda::encode_numbers>(context, p);
}

}  // namespace ebb::preprocessing

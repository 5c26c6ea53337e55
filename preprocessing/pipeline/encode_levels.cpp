#include "preprocessing/pipeline/encode_levels.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/support.h"
#include "preprocessing/pipeline/encode_levels_backends.h"

namespace ebb::preprocessing {

std::string encode_levels_unsupported(Device device) { return device_unavailable(device); }

template <class T>
void encode_levels(Context& context, const EncodeLevels<T>& p) {
  constexpr std::string_view kName = "encode_levels";
  kernels::require_supported(kName, encode_levels_unsupported(context.device()));
  const Shape shape{p.rows, static_cast<std::int64_t>(p.columns.size())};
  kernels::OperandCheck(kName).dense("output", p.output, dtype_of<T>, shape, "[rows, columns]");
  if (p.output.elements() == 0) return;
  kernels::run_on_device<cpu::encode_levels<T>, cuda::encode_levels<T>>(context, p);
}

template void encode_levels(Context&, const EncodeLevels<std::int32_t>&);
template void encode_levels(Context&, const EncodeLevels<float>&);
template void encode_levels(Context&, const EncodeLevels<double>&);

}  // namespace ebb::preprocessing

// cuDNN's scaled dot-product attention, through its graph API. Defined where EBB_WITH_CUDNN is 1:
// in builds with CUDA that found cuDNN's headers and those of its C++ frontend.
#pragma once

#include <functional>

#include "kernels/attention/attention.h"

namespace ebb::bench {

inline constexpr bool kBuiltWithCudnn = EBB_WITH_CUDNN != 0;

// Calls that do the same as ebb's kernels with these operands, which have no mask, bias, causality
// or dropout. The first one prepares cuDNN for their shape; it throws UnsupportedError with the
// reason where there is no cuDNN, or none of its engines takes them.
std::function<void(Context&)> cudnn_attention(const kernels::AttentionForward& operands);
std::function<void(Context&)> cudnn_attention(const kernels::AttentionBackward& operands);

}  // namespace ebb::bench

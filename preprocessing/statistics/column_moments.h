// Moments of columns in the memory of a device.
#pragma once

#include <span>
#include <vector>

#include "engine/tensor/tensor.h"
#include "kernels/common/context.h"
#include "preprocessing/statistics/moments.h"

namespace ebb::preprocessing {

/// moments_of() (moments.h) of each column: f64 [rows] on the context's device, of one length, NaN
/// where missing. On CUDA the sums over blocks of kBlockRows rows are taken there, as block_sums.h
/// says, sixteen side by side and nothing fused, and are merged on the host: the bits are those of
/// the CPU. Reads each value twice, and waits for the device. Throws Error on another dtype or
/// length.
std::vector<Moments> moments_of(Context& context, std::span<const Tensor> columns);

}  // namespace ebb::preprocessing

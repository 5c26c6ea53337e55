// Strided copies on CUDA whose innermost dimension is the same in both operands, or is too short to
// be worth a transposition: each thread moves units of up to 16 bytes.
//
// The index of a unit is taken apart into one index per dimension by multiplications (Divider). A
// thread reads four units before it writes them, so that enough reads are under way also where a
// unit is a single element. 2 * sizeof(T) bytes per element, 3 when it accumulates.
#pragma once

#include "kernels/common/cuda/divider.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/storage.cuh"
#include "kernels/copy/copy_layout.h"

namespace ebb::kernels::cuda {

/// output = input, or output + input rounded to T.
template <bool kAccumulate, class T, int kCount>
__device__ void store_or_add(const ebb::cuda::Pack<T, kCount>& input,
                             ebb::cuda::Pack<T, kCount>* output) {
  if constexpr (kAccumulate) {
    float sums[kCount];
    ebb::cuda::load_pack(output->values, sums);
#pragma unroll
    for (int i = 0; i < kCount; ++i) sums[i] += ebb::cuda::to_f32(input.values[i]);
    ebb::cuda::store_pack(output->values, sums);
  } else {
    *output = input;
  }
}

/// A CopyLayout in units, innermost dimension first, for the device.
struct UnitLayout {
  int rank = 0;
  ebb::cuda::Divider extents[kMaxRank];
  std::int64_t from[kMaxRank] = {};
  std::int64_t to[kMaxRank] = {};
};

/// The layout when `per_unit` neighbours of the innermost dimension move as one; strides and that
/// extent are multiples of it.
inline UnitLayout unit_layout(const CopyLayout& layout, std::int64_t per_unit) {
  UnitLayout units;
  units.rank = layout.shape.rank();
  for (int i = 0; i < units.rank; ++i) {
    const int place = units.rank - 1 - i;
    const bool innermost = i == 0;
    units.extents[i] = ebb::cuda::Divider(
        static_cast<std::uint32_t>(layout.shape[place] / (innermost ? per_unit : 1)));
    units.from[i] = innermost && per_unit > 1 ? 1 : layout.from[place] / per_unit;
    units.to[i] = innermost && per_unit > 1 ? 1 : layout.to[place] / per_unit;
  }
  return units;
}

inline constexpr int kUnitThreads = 256;

template <class T, int kCount, bool kAccumulate>
__global__ void __launch_bounds__(kUnitThreads)
    copy_units_kernel(const ebb::cuda::Pack<T, kCount>* input, ebb::cuda::Pack<T, kCount>* output,
                      UnitLayout layout, std::uint32_t units) {
  constexpr std::uint32_t kTogether = 4;
  const std::uint32_t stride = gridDim.x * kUnitThreads;
  for (std::uint32_t first = blockIdx.x * kUnitThreads + threadIdx.x; first < units;
       first += kTogether * stride) {
    ebb::cuda::Pack<T, kCount> values[kTogether];
    std::int64_t to[kTogether];
#pragma unroll
    for (std::uint32_t j = 0; j < kTogether; ++j) {
      std::uint32_t rest = first + j * stride;
      if (rest >= units) break;
      std::int64_t from = 0;
      to[j] = 0;
#pragma unroll
      for (int i = 0; i < kMaxRank; ++i) {
        if (i == layout.rank) break;
        const bool outermost = i + 1 == layout.rank;
        const std::uint32_t quotient = outermost ? 0 : layout.extents[i].quotient(rest);
        const std::int64_t index = outermost ? rest : layout.extents[i].remainder(rest, quotient);
        from += index * layout.from[i];
        to[j] += index * layout.to[i];
        rest = quotient;
      }
      values[j] = input[from];
    }
#pragma unroll
    for (std::uint32_t j = 0; j < kTogether; ++j) {
      if (first + j * stride < units) store_or_add<kAccumulate>(values[j], output + to[j]);
    }
  }
}

/// Copies kCount neighbours of T at once; `per_unit`: elements of the layout that this makes.
template <class T, int kCount, bool kAccumulate>
void copy_units(const Context& context, const CopyLayout& layout, std::int64_t per_unit,
                const void* input, void* output) {
  using Unit = ebb::cuda::Pack<T, kCount>;
  const auto units = static_cast<std::uint32_t>(layout.shape.elements() / per_unit);
  ebb::cuda::launch(context,
                    {"copy", ebb::cuda::grid_for(context, units, kUnitThreads), kUnitThreads},
                    copy_units_kernel<T, kCount, kAccumulate>, static_cast<const Unit*>(input),
                    static_cast<Unit*>(output), unit_layout(layout, per_unit), units);
}

}  // namespace ebb::kernels::cuda

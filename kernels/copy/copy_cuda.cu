// Strided copies on CUDA. Dimensions are ordered by the output's strides and merged where they lie
// seamlessly in both operands. Then, by the layout alone:
//   one dense dimension                          the runtime's copy; map.cuh where it accumulates;
//   the output dense in the innermost dimension, the input in another, both of 8 elements or more
//                                                tiles through shared memory (copy_transposed.cuh);
//   else                                         units (copy_units.cuh) of 16, 8, 4, 2 or 1 bytes,
//                                                as extents, strides and addresses allow.
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "kernels/common/cuda/map.cuh"
#include "kernels/common/cuda/runtime.h"
#include "kernels/copy/copy_backends.h"
#include "kernels/copy/copy_transposed.cuh"
#include "kernels/copy/copy_units.cuh"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

// Larger copies are made in parts, so that kernels count in 32 bits.
constexpr std::int64_t kMostElements = std::int64_t{1} << 30;

/// The dimensions of the copy, those with larger strides of the output first.
CopyLayout ordered_layout(const Copy& p) {
  CopyLayout layout{p.input.shape, p.input.strides, p.output.strides};
  for (int end = 1; end < layout.shape.rank(); ++end) {
    for (int i = end; i > 0 && std::abs(layout.to[i]) > std::abs(layout.to[i - 1]); --i) {
      std::swap(layout.shape[i], layout.shape[i - 1]);
      std::swap(layout.from[i], layout.from[i - 1]);
      std::swap(layout.to[i], layout.to[i - 1]);
    }
  }
  return layout;
}

/// The dimension that swaps with the innermost one, or -1.
int swapped_dimension(const CopyLayout& layout) {
  constexpr std::int64_t kLeastExtent = 8;
  if (layout.to[-1] != 1 || layout.from[-1] == 1 || layout.shape[-1] < kLeastExtent) return -1;
  for (int i = layout.shape.rank() - 2; i >= 0; --i) {
    if (layout.from[i] == 1 && layout.shape[i] >= kLeastExtent) return i;
  }
  return -1;
}

/// Whether the copy can move `per_unit` neighbours, `bytes` in all, at once.
bool moves_in_units(const CopyLayout& layout, std::int64_t per_unit, std::size_t bytes,
                    const std::byte* input, const std::byte* output) {
  if (layout.from[-1] != 1 || layout.to[-1] != 1 || layout.shape[-1] % per_unit != 0) return false;
  for (int i = 0; i < layout.shape.rank() - 1; ++i) {
    if (layout.from[i] % per_unit != 0 || layout.to[i] % per_unit != 0) return false;
  }
  return aligned_to(bytes, input, output);
}

/// Plain copies of what does not need a transposition.
void copy_in_widest_units(const Context& context, const CopyLayout& layout, std::size_t size,
                          const std::byte* input, std::byte* output) {
  std::size_t bytes = 16;
  const auto per_unit = [&] { return static_cast<std::int64_t>(bytes / size); };
  while (bytes > size && !moves_in_units(layout, per_unit(), bytes, input, output)) bytes /= 2;
  switch (bytes) {
    case 16:
      return copy_units<std::uint32_t, 4, false>(context, layout, per_unit(), input, output);
    case 8:
      return copy_units<std::uint64_t, 1, false>(context, layout, per_unit(), input, output);
    case 4:
      return copy_units<std::uint32_t, 1, false>(context, layout, per_unit(), input, output);
    case 2:
      return copy_units<std::uint16_t, 1, false>(context, layout, per_unit(), input, output);
    default:
      return copy_units<std::uint8_t, 1, false>(context, layout, per_unit(), input, output);
  }
}

void copy_layout(const Context& context, const CopyLayout& layout, std::size_t size,
                 const std::byte* input, std::byte* output) {
  const int swapped = swapped_dimension(layout);
  if (swapped < 0) return copy_in_widest_units(context, layout, size, input, output);
  switch (size) {
    case 1:
      return copy_transposed<std::uint8_t, false>(context, layout, swapped, input, output);
    case 2:
      return copy_transposed<std::uint16_t, false>(context, layout, swapped, input, output);
    case 4:
      return copy_transposed<std::uint32_t, false>(context, layout, swapped, input, output);
    default:
      return copy_transposed<std::uint64_t, false>(context, layout, swapped, input, output);
  }
}

template <class T>
void add_layout(const Context& context, const CopyLayout& layout, const std::byte* input,
                std::byte* output) {
  constexpr int kPack = kPackOf<T>;
  const int swapped = swapped_dimension(layout);
  if (swapped >= 0) return copy_transposed<T, true>(context, layout, swapped, input, output);
  if (moves_in_units(layout, kPack, 16, input, output)) {
    return copy_units<T, kPack, true>(context, layout, kPack, input, output);
  }
  copy_units<T, 1, true>(context, layout, 1, input, output);
}

struct Add {
  __device__ float operator()(float a, float b) const { return a + b; }
};

/// Copies of one dense dimension.
void run_dense(const Context& context, const Copy& p) {
  const std::int64_t count = p.input.elements();
  if (!p.accumulate) {
    return ebb::cuda::copy(context.stream(), p.output.data, p.input.data,
                           static_cast<std::size_t>(count) * size_of(p.input.dtype));
  }
  for_storage(p.input.dtype, [&]<class T>(std::type_identity<T>) {
    T* output = p.output.as<T>();
    map_elements(context, "copy", Add(), count, output, p.input.as<T>(),
                 static_cast<const T*>(output));
  });
}

void run(const Context& context, const CopyLayout& layout, DType dtype, bool accumulate,
         const std::byte* input, std::byte* output) {
  if (!accumulate) return copy_layout(context, layout, size_of(dtype), input, output);
  for_storage(dtype, [&]<class T>(std::type_identity<T>) {
    add_layout<T>(context, layout, input, output);
  });
}

}  // namespace

void copy(Context& context, const Copy& p) {
  if (p.input.elements() == 0) return;
  const CopyLayout layout = merged_layout(ordered_layout(p));
  if (layout.shape.rank() == 1 && layout.from[0] == 1 && layout.to[0] == 1) {
    return run_dense(context, p);
  }
  const auto size = static_cast<std::int64_t>(size_of(p.input.dtype));
  for_parts(layout, kMostElements, [&](const CopyLayout& part, std::int64_t from, std::int64_t to) {
    run(context, part, p.input.dtype, p.accumulate, p.input.as<std::byte>() + from * size,
        p.output.as<std::byte>() + to * size);
  });
}

}  // namespace ebb::kernels::cuda

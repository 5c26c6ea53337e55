// Strided copies on the CPU: dimensions that lie seamlessly in both views are merged, then the
// innermost one is copied at once where it is contiguous in both, else element by element.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/copy/copy_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/copy/copy_backends.h"
#include "kernels/copy/copy_layout.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

void add_row(const float* from, float* to, std::int64_t count) {
  for_vectors(count, [=](std::int64_t i, auto load, auto store)
                         HWY_ATTR { store(hn::Add(load(to + i), load(from + i)), to + i); });
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <cstddef>
#include <cstring>

namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(add_row);

/// Calls body(from, to, count) for the parts of innermost rows that make up the elements
/// [begin, end); `from` and `to` are the offsets of the part's first element.
template <class Body>
void for_row_parts(const CopyLayout& layout, std::int64_t begin, std::int64_t end, Body&& body) {
  const std::int64_t columns = layout.shape[-1];
  for (std::int64_t start = begin; start < end;) {
    const std::int64_t column = start % columns;
    const std::int64_t count = std::min(columns - column, end - start);
    std::int64_t from = column * layout.from[-1];
    std::int64_t to = column * layout.to[-1];
    std::int64_t row = start / columns;
    for (int i = layout.shape.rank() - 2; i >= 0; --i) {
      const std::int64_t index = i == 0 ? row : row % layout.shape[i];
      row /= layout.shape[i];
      from += index * layout.from[i];
      to += index * layout.to[i];
    }
    body(from, to, count);
    start += count;
  }
}

/// Copies elements of `kSize` bytes.
template <std::size_t kSize>
void copy_bytes(const CopyLayout& layout, const Copy& p, std::int64_t begin, std::int64_t end) {
  constexpr auto kStep = static_cast<std::int64_t>(kSize);
  const std::byte* input = p.input.as<std::byte>();
  std::byte* output = p.output.as<std::byte>();
  const std::int64_t from_step = layout.from[-1] * kStep;
  const std::int64_t to_step = layout.to[-1] * kStep;
  const bool contiguous = from_step == kStep && to_step == kStep;
  for_row_parts(layout, begin, end, [&](std::int64_t from, std::int64_t to, std::int64_t count) {
    const std::byte* source = input + from * kStep;
    std::byte* target = output + to * kStep;
    if (contiguous) {
      std::memcpy(target, source, static_cast<std::size_t>(count) * kSize);
      return;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      std::memcpy(target + i * to_step, source + i * from_step, kSize);
    }
  });
}

template <class T>
void add_elements(const CopyLayout& layout, const Copy& p, std::int64_t begin, std::int64_t end) {
  const T* input = p.input.as<T>();
  T* output = p.output.as<T>();
  const std::int64_t from_step = layout.from[-1];
  const std::int64_t to_step = layout.to[-1];
  const bool contiguous = from_step == 1 && to_step == 1;
  for_row_parts(layout, begin, end, [&](std::int64_t from, std::int64_t to, std::int64_t count) {
    if constexpr (std::is_same_v<T, float>) {
      if (contiguous) return HWY_DYNAMIC_DISPATCH(add_row)(input + from, output + to, count);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      output[to + i * to_step] += input[from + i * from_step];
    }
  });
}

using CopyElements = void (*)(const CopyLayout&, const Copy&, std::int64_t, std::int64_t);

CopyElements copy_elements(const Copy& p) {
  if (p.accumulate) return p.input.dtype == DType::f32 ? add_elements<float> : add_elements<double>;
  switch (size_of(p.input.dtype)) {
    case 1:
      return copy_bytes<1>;
    case 2:
      return copy_bytes<2>;
    case 4:
      return copy_bytes<4>;
    default:
      return copy_bytes<8>;
  }
}

}  // namespace

void copy(Context& context, const Copy& p) {
  const CopyLayout layout = merged_layout({p.input.shape, p.input.strides, p.output.strides});
  const CopyElements run = copy_elements(p);
  parallel_for(context, p.input.elements(), kParallelGrain,
               [&](std::int64_t begin, std::int64_t end) { run(layout, p, begin, end); });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE

// bf16 on the CPU. Rounding works on the bits: Highway 1.0.3 truncates, and the processor's own
// conversion takes small numbers for zero. Six operations per vector, so it runs at the speed of
// the second-level cache. Packing writes pairs of rows interleaved, as AVX-512 and AMX multiply
// them.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bf16_product/bf16_product_cpu.cpp"
#include <cstring>

#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/bf16_product/bf16_product_backends.h"
#include "kernels/common/parallel.h"
#include "kernels/common/primitive_cache.h"
#include "kernels/common/vector_loop.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using DU = hn::RebindToUnsigned<D>;

/// bf16 in the upper halves; what stands in the lower ones is of no use.
HWY_INLINE hn::Vec<DU> rounded_bits(hn::Vec<D> value) {
  const DU du;
  const auto bits = hn::BitCast(du, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fff)));
  const auto quiet = hn::Or(bits, hn::Set(du, 0x00400000));
  return hn::IfThenElse(hn::RebindMask(du, hn::Not(hn::Eq(value, value))), quiet, rounded);
}

void round_range(const float* HWY_RESTRICT input, BFloat16* HWY_RESTRICT output,
                 std::int64_t count) {
  const D d;
  const hn::RebindToSigned<D> di;
  const hn::Rebind<std::uint16_t, D> half;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto* bits = reinterpret_cast<std::uint16_t*>(output);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto rounded = hn::ShiftRight<16>(rounded_bits(hn::LoadU(d, input + i)));
    hn::StoreU(hn::DemoteTo(half, hn::BitCast(di, rounded)), half, bits + i);
  }
  for (; i < count; ++i) output[i] = to_bfloat16(input[i]);
}

/// Pairs of rows of a row-major matrix [rows, ...]: word j of a pair is column j of both.
void pack_rows(const float* matrix, std::int64_t stride, std::int64_t rows, std::int64_t columns,
               std::uint32_t* to) {
  const D d;
  const DU du;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t row = 0; row < rows; row += 2, to += cpu::kPackedColumns) {
    const float* first = matrix + row * stride;
    const float* second = row + 1 < rows ? first + stride : nullptr;
    std::int64_t j = 0;
    for (; j + lanes <= columns; j += lanes) {
      auto word = hn::ShiftRight<16>(rounded_bits(hn::LoadU(d, first + j)));
      if (second != nullptr) {
        const auto high = rounded_bits(hn::LoadU(d, second + j));
        word = hn::Or(word, hn::And(high, hn::Set(du, 0xffff0000u)));
      }
      hn::StoreU(word, du, to + j);
    }
    for (; j < columns; ++j) {
      const std::uint32_t high = second != nullptr ? to_bfloat16(second[j]).bits : 0u;
      to[j] = to_bfloat16(first[j]).bits | (high << 16);
    }
  }
}

/// The same of a matrix that lies transposed, [columns, rows]: pairs are neighbours in memory.
void pack_transposed(const float* matrix, std::int64_t rows, std::int64_t columns,
                     std::uint32_t* to) {
  // Rows of a piece: with 64 columns the rounded piece takes 32 KiB at most.
  constexpr std::int64_t kPiece = 256;
  HWY_ALIGN BFloat16 rounded[cpu::kPackedColumns][kPiece];
  for (std::int64_t first = 0; first < rows; first += kPiece) {
    const std::int64_t count = std::min(kPiece, rows - first);
    const std::int64_t pair_count = blocks_of(count, 2);
    for (std::int64_t j = 0; j < columns; ++j) {
      rounded[j][2 * pair_count - 1] = {};  // of an odd count, the last pair has one half only
      round_range(matrix + j * rows + first, rounded[j], count);
    }
    std::uint32_t* words = to + first / 2 * cpu::kPackedColumns;
    for (std::int64_t pair = 0; pair < pair_count; ++pair, words += cpu::kPackedColumns) {
      for (std::int64_t j = 0; j < columns; ++j) {
        std::memcpy(words + j, rounded[j] + 2 * pair, sizeof(std::uint32_t));
      }
    }
  }
}

void pack_columns(const ConstView& matrix, std::int64_t block, BFloat16* block_memory) {
  const std::int64_t first = block * cpu::kPackedColumns;
  const std::int64_t columns = std::min(cpu::kPackedColumns, matrix.shape[1] - first);
  auto* to = reinterpret_cast<std::uint32_t*>(block_memory);
  const std::int64_t rows = matrix.shape[0];
  if (matrix.strides[1] == 1) {
    pack_rows(matrix.as<float>() + first, matrix.strides[0], rows, columns, to);
  } else {
    pack_transposed(matrix.as<float>() + first * matrix.strides[1], rows, columns, to);
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(round_range);
HWY_EXPORT(pack_columns);

}  // namespace

void round_to_bf16(Context& context, const RoundToBf16& p) {
  parallel_for(context, p.input.elements(), kParallelGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(round_range)
                 (p.input.as<float>() + begin, p.output.as<BFloat16>() + begin, end - begin);
               });
}

void pack_columns(const ConstView& matrix, std::int64_t block, BFloat16* block_memory) {
  HWY_DYNAMIC_DISPATCH(pack_columns)(matrix, block, block_memory);
}

void bf16_product(Context& context, const Bf16Product& p) {
  const PreparedProduct product{.m = p.output.shape[0],
                                .n = p.output.shape[1],
                                .k = p.a.shape[1],
                                .transposed_a = !p.a.contiguous(),
                                .packed_b = p.packed_b != nullptr,
                                .accumulate = p.accumulate};
  if (product.m == 0 || product.n == 0) return;
  if (product.k == 0) {
    if (!p.accumulate) std::fill_n(p.output.as<float>(), p.output.elements(), 0.0F);
    return;
  }
  context.primitives().multiply(
      product, p.a.as<BFloat16>(), product.packed_b ? nullptr : p.b.as<BFloat16>(),
      product.packed_b ? p.packed_b->handle() : nullptr, p.output.as<float>());
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE

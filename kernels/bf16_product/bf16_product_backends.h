// What each backend of bf16 products provides; operands are checked already.
#pragma once

#include "kernels/bf16_product/bf16_product.h"

namespace ebb::kernels::cpu {

// Rows and columns of the blocks of a packed matrix (see packed_matrix_description).
inline constexpr std::int64_t kPackedRows = 32;
inline constexpr std::int64_t kPackedColumns = 64;

void round_to_bf16(Context& context, const RoundToBf16& parameters);
void bf16_product(Context& context, const Bf16Product& parameters);

/// Columns [block * kPackedColumns, ...) of `matrix` into `block_memory`, whose padding stays as it
/// is.
void pack_columns(const ConstView& matrix, std::int64_t block, BFloat16* block_memory);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void round_to_bf16(Context& context, const RoundToBf16& parameters);
void bf16_product(Context& context, const Bf16Product& parameters);
/// Why the device, which is there, cannot multiply bf16; empty where it can.
std::string bf16_product_unsupported(Device device);

}  // namespace ebb::kernels::cuda

// Products of matrices in bf16: operands rounded to bf16, products exact, sums in f32.
//
//   output[i, j] = sum over p of bf16(a[i, p]) * bf16(b[p, j])
//
// On the CPU with AVX-512 BF16 or AMX, through oneDNN's matmul on the calling thread: twice to ten
// times as many operations per second as f32. On CUDA on tensor cores (compute capability 8.0), by
// cuBLASLt or our own kernels as matrix_product.h says. Operands are rounded to nearest, ties to
// even, by round_to_bf16 and PackedMatrix; NaN and infinities stay what they are. The CPU's units
// take bf16 numbers below 2^-126 for zero. How a sum is ordered depends on the shape and the unit
// alone.
#pragma once

#include <memory>
#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

struct dnnl_memory;

namespace ebb::kernels {

/// Why products of bf16 cannot run on the device; empty when they can.
std::string bf16_product_unsupported(Device device);

/// output = input, rounded. Dense, of one shape; f32 and bf16.
struct RoundToBf16 {
  ConstView input;
  View output;
};
void round_to_bf16(Context& context, const RoundToBf16& parameters);

/// A matrix [k, n] in bf16, laid out for the right side of many products: on the CPU in oneDNN's
/// blocks, on CUDA in the order of the matrix that it took its values from. Products may read it
/// from several threads (and streams, after the one that packed it) at once.
class PackedMatrix {
 public:
  /// Zeros on the CPU, nothing yet on CUDA. Throws Error when an extent is not positive.
  PackedMatrix(std::int64_t k, std::int64_t n, Device device = {});
  PackedMatrix(const PackedMatrix&) = delete;
  PackedMatrix& operator=(const PackedMatrix&) = delete;
  ~PackedMatrix();

  std::int64_t k() const { return k_; }
  std::int64_t n() const { return n_; }
  Device device() const { return device_; }

  /// Takes the values of an f32 matrix [k, n], of which one stride is 1 and the other the extent of
  /// that dimension.
  void pack(Context& context, const ConstView& matrix);

  /// pack() in pieces, which may run side by side: blocks of columns, numbered from 0. CPU only.
  std::int64_t blocks() const;
  void pack_block(const ConstView& matrix, std::int64_t block);
  /// Throws Error on a matrix that pack() could not take.
  void check(const ConstView& matrix) const;

  /// oneDNN's; null on CUDA.
  dnnl_memory* handle() const;
  /// The values [k, n] on CUDA, one stride 1.
  ConstView values() const;

 private:
  struct State;

  std::int64_t k_;
  std::int64_t n_;
  Device device_;
  std::unique_ptr<State> state_;
};

/// One product; `packed_b` or `b` is given.
struct Bf16Product {
  ConstView a;                             // bf16 [m, k], dense or the transpose of a dense [k, m]
  const PackedMatrix* packed_b = nullptr;  // [k, n]
  ConstView b;                             // bf16 [k, n], dense
  View output;                             // f32 [m, n], dense
  bool accumulate = false;                 // add to output
};

/// Throws Error on operands that do not fit, UnsupportedError where bf16_product_unsupported says.
void bf16_product(Context& context, const Bf16Product& parameters);

}  // namespace ebb::kernels

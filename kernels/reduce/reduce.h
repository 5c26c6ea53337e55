// Sums and means: over one dimension, over everything, of squares, and of several buffers.
//
// On the CPU f32 accumulates in f32 inside a block of terms (1024 along a contiguous dimension, 256
// rows along any other) and in f64 from block to block. On CUDA f32, bf16 and f16 accumulate in
// f32, in trees. The sum of squares accumulates in f64 throughout, so that large gradients do not
// overflow. Blocks depend on the shape alone and are added in order: results do not depend on the
// number of threads or multiprocessors. NaN and opposite infinities give NaN.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

enum class ReduceOperation { sum, mean };

/// output = sum or mean of input over `dimension`. Dense, of one dtype: f32 or f64 on the CPU; f32,
/// bf16 or f16 on CUDA. The mean of nothing is NaN, its sum 0.
struct Reduce {
  ReduceOperation operation = ReduceOperation::sum;
  ConstView input;               // [...]
  std::optional<int> dimension;  // from -rank to rank - 1; absent: all dimensions
  View output;  // the shape of input without the dimension, or with extent 1 in its place; [] or
                // [1] when all are reduced
  bool accumulate = false;  // add to the output instead of overwriting it
};

/// output = inputs[0] + inputs[1] + ..., element by element in this order (gradients of the shards
/// of a batch). Dense, of one dtype: f32 or f64 on the CPU; f32, bf16 or f16 on CUDA, where up to
/// 64 buffers are added in f32 and rounded once.
struct SumBuffers {
  std::span<const ConstView> inputs;  // at least one, all as output
  View output;                        // may be inputs[0]
};

/// Empty when the device can reduce `dtype`, else the reason why not.
std::string reduce_unsupported(Device device, DType dtype);

/// These throw Error on operands that do not fit, UnsupportedError where reduce_unsupported says
/// so. reduce needs 4 bytes of workspace per partial sum: one for every output element and block;
/// on CUDA only where there are several blocks.
void reduce(Context& context, const Reduce& parameters);
void sum_buffers(Context& context, const SumBuffers& parameters);

/// The sum of the squares of all elements of a dense view, accumulated in f64: the square of its
/// Euclidean norm. Needs 8 bytes of workspace per 4096 elements. On the CPU alone, since a host
/// that wants the sum of a GPU would have to wait for it: there gradient_norm leaves it on the
/// device.
double sum_of_squares(Context& context, const ConstView& input);

}  // namespace ebb::kernels

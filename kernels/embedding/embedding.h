// Embedding: rows of a table, chosen by indices.
//
//   forward:  output[i] = table[indices[i]]
//   backward: grad_table[row] = sum over i with indices[i] = row of grad_output[i]
//
// The sums run over i in ascending order, whatever the number of threads (a thread owns columns of
// the table), and accumulate in the dtype. On CUDA they accumulate in f32, over the indices of a
// row in ascending order, cut where the list sorted by row has a multiple of 32 entries; the parts
// are added in an order that depends on the indices and the shape alone: the same bits every time.
//
// Indices outside the table: the CPU looks at all of them first and throws. On CUDA the host does
// not read them, so nothing is thrown: forward, such an index gives a row of NaN; backward, it adds
// to nothing.
#pragma once

#include <string>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::kernels {

/// Operands of the forward direction. Table and output of one dtype: f32 or f64; on
/// CUDA f32, bf16 or f16.
struct EmbeddingForward {
  ConstView table;    // [count, dim], dense
  ConstView indices;  // [...], i32, dense, each in [0, count)
  View output;        // [shape of indices..., dim]; any strides, but 1 in the last dimension
};

/// Operands of the backward direction. grad_table and grad_output of one dtype, as in
/// the forward direction.
struct EmbeddingBackward {
  ConstView indices;        // as in the forward direction
  ConstView grad_output;    // as output of the forward direction
  View grad_table;          // [count, dim], dense
  bool accumulate = false;  // add to grad_table instead of overwriting it
};

/// Empty when the device can run embeddings of `dtype`, else the reason why not.
std::string embedding_unsupported(Device device, DType dtype);

/// Throw Error on operands that do not fit and, on the CPU before anything is written, on an index
/// outside the table; UnsupportedError where embedding_unsupported says so. On CUDA the backward
/// direction needs some 17 bytes of workspace per index, and 1/4 byte for each of its columns.
void embedding(Context& context, const EmbeddingForward& parameters);
void embedding_backward(Context& context, const EmbeddingBackward& parameters);

}  // namespace ebb::kernels

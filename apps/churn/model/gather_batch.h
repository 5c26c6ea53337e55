// A batch of rows that are on a GPU, gathered there. Defined in builds with CUDA only.
//
//   numbers[b, i]        = from_numbers[indices[b], i]
//   token_rows[b, 0]     = 0
//   token_rows[b, 1 + i] = first_rows[i] + from_codes[indices[b], i]
//   targets[b]           = labels[b], and likewise sample_weights[b] = weights[b]
//
// What write_batch() (input_schema.h) does on the host, to the same bits.
#pragma once

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::churn {

/// All dense, in the memory of the context's device.
struct GatherBatch {
  ConstView from_numbers;  // f32 [rows, number_count]
  ConstView from_codes;    // i32 [rows, category_count]
  ConstView first_rows;    // i32 [category_count]: rows of the token table before each category's
  ConstView indices;       // i64 [batch], in [0, rows)
  ConstView labels;        // f32 [batch]; optional
  ConstView weights;       // f32 [batch]; optional, with labels
  View numbers;            // f32 [batch, number_count]
  View token_rows;         // i32 [batch, 1 + category_count]
  View targets;            // f32 [batch]; as `labels`
  View sample_weights;     // f32 [batch]; as `weights`
};

/// May return before the device is done. Throws Error on a batch of 2^31 elements or more. Shapes
/// and indices are not checked.
void gather_batch(Context& context, const GatherBatch& parameters);

}  // namespace ebb::churn

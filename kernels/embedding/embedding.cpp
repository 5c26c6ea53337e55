#include "kernels/embedding/embedding.h"

#include "kernels/common/check.h"
#include "kernels/common/dispatch.h"
#include "kernels/common/profile.h"
#include "kernels/common/support.h"
#include "kernels/embedding/embedding_backends.h"

namespace ebb::kernels {
namespace {

template <class Pointer>
void check_rows(const OperandCheck& check, std::string_view operation, std::string_view name,
                const BasicView<Pointer>& rows, const ConstView& indices, const Shape& table) {
  if (indices.shape.rank() == kMaxRank) {
    fail("{}: indices {} have {} dimensions, at most {} leave room for that of the embedding",
         operation, to_string(indices.shape), indices.shape.rank(), kMaxRank - 1);
  }
  Shape expected = indices.shape;
  expected.push_back(table[1]);
  check.shape(name, rows, expected, "[shape of indices..., dim]");
  if (rows.strides[-1] != 1 && rows.shape[-1] > 1) {
    fail("{}: {} {} has stride {} in its last dimension, expected 1", operation, name,
         to_string(rows.shape), rows.strides[-1]);
  }
}

template <class Pointer>
void check_table(const OperandCheck& check, std::string_view operation, std::string_view name,
                 const BasicView<Pointer>& table, const ConstView& indices) {
  if (table.shape.rank() != 2) {
    fail("{}: {} is {}, expected [count, dim]", operation, name, to_string(table.shape));
  }
  check.dense(name, table, table.dtype, table.shape, "[count, dim]");
  check.dense("indices", indices, DType::i32, indices.shape, "any shape");
}

}  // namespace

std::string embedding_unsupported(Device device, DType dtype) {
  return storage_kernels_unsupported(device, dtype);
}

void embedding(Context& context, const EmbeddingForward& p) {
  constexpr std::string_view kOperation = "embedding";
  require_supported(kOperation, embedding_unsupported(context.device(), p.table.dtype));
  const OperandCheck check(kOperation);
  check_table(check, kOperation, "table", p.table, p.indices);
  check.dtype("output", p.output, p.table.dtype);
  check_rows(check, kOperation, "output", p.output, p.indices, p.table.shape);
  const ProfileScope scope(context, kOperation,
                           [&] { return cost_of_moving(p.indices, p.output, p.output); });
  run_on_device<cpu::embedding, cuda::embedding>(context, p);
}

void embedding_backward(Context& context, const EmbeddingBackward& p) {
  constexpr std::string_view kOperation = "embedding_backward";
  require_supported(kOperation, embedding_unsupported(context.device(), p.grad_table.dtype));
  const OperandCheck check(kOperation);
  check_table(check, kOperation, "grad_table", p.grad_table, p.indices);
  check.dtype("grad_output", p.grad_output, p.grad_table.dtype);
  check_rows(check, kOperation, "grad_output", p.grad_output, p.indices, p.grad_table.shape);
  const ProfileScope scope(context, kOperation,
                           [&] { return cost_of_moving(p.indices, p.grad_output, p.grad_table); });
  run_on_device<cpu::embedding_backward, cuda::embedding_backward>(context, p);
}

}  // namespace ebb::kernels

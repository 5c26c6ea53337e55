#include <algorithm>

#include "kernels/bf16_product/bf16_product_backends.h"
#include "kernels/common/error.h"
#include "kernels/common/onednn.h"
#include "kernels/common/parallel.h"

namespace ebb::kernels {
namespace {

// Elements of one block of columns.
std::int64_t block_elements(std::int64_t k) {
  return blocks_of(k, cpu::kPackedRows) * cpu::kPackedRows * cpu::kPackedColumns;
}

}  // namespace

struct PackedMatrix::State {
  State(std::int64_t k, std::int64_t n, Device device) : memory(device) {
    const bool cuda = device.is_cuda();
    const std::int64_t elements =
        cuda ? k * n : block_elements(k) * blocks_of(n, cpu::kPackedColumns);
    data = memory.acquire_array<BFloat16>(static_cast<std::size_t>(elements));
    if (cuda) return;
    std::fill_n(data, elements, BFloat16{});
    object = {packed_matrix_description(k, n), onednn_cpu(), data};
  }

  Workspace memory;
  BFloat16* data;
  dnnl::memory object;  // empty on CUDA
  Shape strides;        // on CUDA: of the matrix that was packed
};

PackedMatrix::PackedMatrix(std::int64_t k, std::int64_t n, Device device)
    : k_(k), n_(n), device_(device) {
  if (k <= 0 || n <= 0) fail("PackedMatrix: {} x {}, expected positive extents", k, n);
  state_ = std::make_unique<State>(k, n, device);
}

PackedMatrix::~PackedMatrix() = default;

std::int64_t PackedMatrix::blocks() const { return blocks_of(n_, cpu::kPackedColumns); }

dnnl_memory* PackedMatrix::handle() const { return state_->object.get(true); }

ConstView PackedMatrix::values() const {
  if (state_->strides.rank() == 0) fail("PackedMatrix: it is multiplied before pack()");
  return {state_->data, DType::bf16, Shape{k_, n_}, state_->strides};
}

void PackedMatrix::check(const ConstView& matrix) const {
  const Shape shape{k_, n_};
  if (matrix.shape != shape || matrix.dtype != DType::f32) {
    fail("PackedMatrix: the matrix is {} {}, expected {} f32", to_string(matrix.shape),
         name_of(matrix.dtype), to_string(shape));
  }
  const bool row_major = matrix.strides == Shape{n_, 1};
  if (!row_major && matrix.strides != Shape{1, k_}) {
    fail("PackedMatrix: the matrix {} has strides {}, expected {} or {}", to_string(shape),
         to_string(matrix.strides), to_string(Shape{n_, 1}), to_string(Shape{1, k_}));
  }
}

void PackedMatrix::pack_block(const ConstView& matrix, std::int64_t block) {
  cpu::pack_columns(matrix, block, state_->data + block * block_elements(k_));
}

void PackedMatrix::pack(Context& context, const ConstView& matrix) {
  check(matrix);
  if (context.device() != device_) {
    fail("PackedMatrix: it is on {}, the context on {}", to_string(device_),
         to_string(context.device()));
  }
  if (device_.is_cuda()) {
    // Both lie in memory in one order, whichever it is.
    const Shape flat{matrix.elements()};
    round_to_bf16(context, {.input = {matrix.data, DType::f32, flat},
                            .output = {state_->data, DType::bf16, flat}});
    state_->strides = matrix.strides;
    return;
  }
  const std::int64_t grain = blocks_of(kParallelGrain, block_elements(k_));
  parallel_for(context, blocks(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) pack_block(matrix, block);
  });
}

}  // namespace ebb::kernels

// The embedding's forward direction on CUDA: bound by memory, 2 * sizeof(T) bytes per element and 4
// per row. Threads along x copy the packs of a row, of 16 bytes where table, output and rows are
// aligned so, else of one element; those along y take rows by a stride of the grid.
#include "kernels/common/cuda/ptx.cuh"
#include "kernels/embedding/embedding_backends.h"
#include "kernels/embedding/embedding_rows.cuh"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

/// kPack elements, or NaN where `from` is null.
template <int kPack, class T>
__device__ inline void copy_pack(T* to, const T* from) {
  if constexpr (kPack == 1) {
    *to = from != nullptr ? *from : from_f32<T>(NAN);
  } else {
    unsigned word;
    if constexpr (std::is_same_v<T, float>) {
      word = __float_as_uint(NAN);
    } else {
      word = 0x10001u * from_f32<T>(NAN).bits;
    }
    uint4 words = make_uint4(word, word, word, word);
    if (from != nullptr) words = *reinterpret_cast<const uint4*>(from);
    ptx::store_global(to, words);
  }
}

template <int kPack, class T>
__global__ void __launch_bounds__(kEmbeddingThreads)
    embedding_kernel(const T* table, const std::int32_t* indices, T* output, std::int64_t rows,
                     std::int64_t count, std::int64_t packs,
                     const __grid_constant__ RowOffsets offsets) {
  const std::int64_t stride = std::int64_t{gridDim.x} * blockDim.y;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y; i < rows;
       i += stride) {
    const std::int64_t index = indices[i];
    T* to = output + offsets(i);
    const T* from = table + index * packs * kPack;
    const bool valid = index >= 0 && index < count;
    for (std::int64_t pack = threadIdx.x; pack < packs; pack += blockDim.x) {
      copy_pack<kPack>(to + pack * kPack, valid ? from + pack * kPack : nullptr);
    }
  }
}

}  // namespace

void embedding(Context& context, const EmbeddingForward& p) {
  for_storage(p.table.dtype, [&]<class T>(std::type_identity<T>) {
    const std::int64_t dim = p.table.shape[1];
    const RowOffsets offsets(p.output);
    const auto* table = p.table.as<T>();
    auto* output = p.output.as<T>();
    const auto run = [&]<int kPack>() {
      const RowThreads threads(context, dim / kPack, p.indices.elements());
      launch(context, {"embedding", threads.grid, threads.block}, embedding_kernel<kPack, T>, table,
             p.indices.as<std::int32_t>(), output, p.indices.elements(), p.table.shape[0],
             dim / kPack, offsets);
    };
    with_row_packs<T>(dim, offsets, run, table, output);
  });
}

}  // namespace ebb::kernels::cuda

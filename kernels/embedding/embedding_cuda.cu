// The embedding's forward direction on CUDA: bound by memory, 2 * sizeof(T) bytes per element and 4
// per row. Threads along x copy the packs of a row, of 16 bytes where table, output and rows are
// aligned so, else of one element; those along y take rows by a stride of the grid.
#include "kernels/embedding/embedding_backends.h"
#include "kernels/embedding/embedding_rows.cuh"

namespace ebb::kernels::cuda {
namespace {

using namespace ebb::cuda;

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
      Pack<T, kPack> values;
      if (valid) {
        values = *reinterpret_cast<const Pack<T, kPack>*>(from + pack * kPack);
      } else {
        for (T& value : values.values) value = from_f32<T>(NAN);
      }
      *reinterpret_cast<Pack<T, kPack>*>(to + pack * kPack) = values;
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

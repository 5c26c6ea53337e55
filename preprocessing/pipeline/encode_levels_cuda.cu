// Values of levels on CUDA, by tiles (common/cuda/row_tiles.cuh). A row of a column moves 4 bytes
// in and sizeof(T) out. The values of all levels lie in shared memory, where they fit.
#include "preprocessing/common/cuda/row_tiles.cuh"
#include "preprocessing/pipeline/encode_levels_backends.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing::cuda {
namespace {

/// A column; its table is the values of its levels.
template <class T>
struct Levels {
  using Value = std::int32_t;
  using Out = T;
  static constexpr int kBlocks = 0;

  __device__ T operator()(std::int32_t code, const std::byte* of_level) const {
    return code == kMissingCode ? missing : reinterpret_cast<const T*>(of_level)[code];
  }
  __device__ T second(std::int32_t) const { return missing; }

  const std::int32_t* values;
  T missing;
};

}  // namespace

template <class T>
void encode_levels(Context& context, const EncodeLevels<T>& p) {
  std::vector<TileInput<Levels<T>>> inputs;
  for (const LevelInput<T>& column : p.columns) {
    inputs.push_back({{column.codes, column.missing},
                      column.of_level.data(),
                      column.of_level.size_bytes(),
                      false});
  }
  run_columns_to_rows(context, "encode_levels", inputs, p.output.template as<T>(), p.rows,
                      p.output.shape[1]);
}

template void encode_levels(Context&, const EncodeLevels<std::int32_t>&);
template void encode_levels(Context&, const EncodeLevels<float>&);
template void encode_levels(Context&, const EncodeLevels<double>&);

}  // namespace ebb::preprocessing::cuda

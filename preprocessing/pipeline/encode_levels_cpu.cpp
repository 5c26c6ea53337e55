// Values of levels on the CPU: all columns of a range of rows at a time, so that threads do not
// write to each other's cache lines.
#include "preprocessing/common/parallel.h"
#include "preprocessing/encoding/level_lookup.h"
#include "preprocessing/pipeline/encode_levels_backends.h"

namespace ebb::preprocessing::cpu {

template <class T>
void encode_levels(Context&, const EncodeLevels<T>& p) {
  constexpr std::size_t kRowsPerRange = 4096;
  const std::size_t columns = p.columns.size();
  T* const output = p.output.template as<T>();
  parallel_ranges(static_cast<std::size_t>(p.rows), columns, kRowsPerRange,
                  [&](std::size_t begin, std::size_t end) {
                    for (std::size_t i = 0; i < columns; ++i) {
                      const LevelInput<T>& column = p.columns[i];
                      for (std::size_t row = begin; row < end; ++row) {
                        output[row * columns + i] = value_of_code(
                            column.codes[row], column.of_level.data(), column.missing);
                      }
                    }
                  });
}

template void encode_levels(Context&, const EncodeLevels<std::int32_t>&);
template void encode_levels(Context&, const EncodeLevels<float>&);
template void encode_levels(Context&, const EncodeLevels<double>&);

}  // namespace ebb::preprocessing::cpu

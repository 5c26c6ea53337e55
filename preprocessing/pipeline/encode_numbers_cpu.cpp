// Number features on the CPU: all columns of a range of rows at a time, so that threads do not
// write to each other's cache lines.
#include "preprocessing/common/numbers.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/encode_numbers_backends.h"
#include "preprocessing/scaling/scale_value.h"

namespace ebb::preprocessing::cpu {
namespace {

constexpr std::size_t kRowsPerRange = 4096;

/// Writes rows [begin, end) of column `position` of the output, and of column `indicator` if the
/// feature has one.
void write_feature(const NumberInput& feature, std::size_t position, std::size_t indicator,
                   std::size_t begin, std::size_t end, const View& output) {
  const auto columns = static_cast<std::size_t>(output.shape[1]);
  for (std::size_t row = begin; row < end; ++row) {
    const double value = feature.values[row];
    const bool is_missing = value != value;
    float* features = output.as<float>() + row * columns;
    features[position] = is_missing ? feature.filled : to_float(scale_value(feature.scaler, value));
    if (feature.has_indicator) features[indicator] = is_missing ? 1.0F : 0.0F;
  }
}

}  // namespace

void encode_numbers(Context&, const EncodeNumbers& p) {
  parallel_ranges(static_cast<std::size_t>(p.rows), static_cast<std::size_t>(p.output.shape[1]),
                  kRowsPerRange, [&](std::size_t begin, std::size_t end) {
                    std::size_t indicator = p.features.size();
                    for (std::size_t i = 0; i < p.features.size(); ++i) {
                      write_feature(p.features[i], i, indicator, begin, end, p.output);
                      indicator += p.features[i].has_indicator ? 1 : 0;
                    }
                  });
}

}  // namespace ebb::preprocessing::cpu

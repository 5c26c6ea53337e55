#include "kernels/common/error.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::preprocessing {

OneHotRows one_hot_rows(const EncodedRows& rows, std::span<const std::int32_t> cardinalities) {
  if (cardinalities.size() != rows.category_count) {
    fail("one_hot_rows: {} cardinalities for {} categories", cardinalities.size(),
         rows.category_count);
  }
  OneHotRows out;
  out.rows = rows.rows;
  out.width = rows.number_count;
  for (const std::int32_t cardinality : cardinalities) {
    out.width += static_cast<std::size_t>(cardinality - 1);
  }
  out.values.assign(out.rows * out.width, 0.0F);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    float* values = &out.values[row * out.width];
    for (std::size_t i = 0; i < rows.number_count; ++i) {
      *values++ = rows.numbers[row * rows.number_count + i];
    }
    for (std::size_t i = 0; i < rows.category_count; ++i) {
      const std::int32_t code = rows.codes[row * rows.category_count + i];
      if (code == kEncodedMissing) values[0] = 1.0F;
      if (code >= kFirstLevelCode) values[code - 1] = 1.0F;
      values += cardinalities[i] - 1;
    }
  }
  return out;
}

std::vector<std::string> one_hot_names(const Pipeline& pipeline) {
  std::vector<std::string> names = pipeline.number_names();
  for (const CategoryFeature& feature : pipeline.categories()) {
    names.push_back(feature.name + " is missing");
    for (const std::string& level : feature.encoder.levels()) {
      names.push_back(feature.name + " = " + level);
    }
  }
  return names;
}

}  // namespace ebb::preprocessing

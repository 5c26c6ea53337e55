#include <algorithm>

#include "kernels/common/error.h"
#include "preprocessing/common/parallel.h"
#include "preprocessing/pipeline/pipeline.h"

namespace ebb::preprocessing {

namespace {

constexpr std::size_t kOneHotRowsPerRange = 4096;

/// Columns that a category takes.
std::size_t width_of(std::int32_t cardinality, bool keeps_code) {
  return keeps_code ? 1 : static_cast<std::size_t>(cardinality - 1);
}

/// `values` are zeros.
void write_category(std::int32_t code, bool keeps_code, float* values) {
  if (keeps_code) {
    values[0] = static_cast<float>(code);
  } else if (code == kEncodedMissing) {
    values[0] = 1.0F;
  } else if (code >= kFirstLevelCode) {
    values[code - 1] = 1.0F;
  }
}

}  // namespace

OneHotRows one_hot_rows(const EncodedRows& rows, std::span<const std::int32_t> cardinalities,
                        std::span<const std::uint8_t> keeps_code) {
  if (rows.device().is_cuda()) fail("one_hot_rows: the rows are on a GPU; take to_host() of them");
  const std::size_t categories = rows.category_count;
  if (cardinalities.size() != categories ||
      (!keeps_code.empty() && keeps_code.size() != categories)) {
    fail("one_hot_rows: {} cardinalities and {} choices for {} categories", cardinalities.size(),
         keeps_code.size(), categories);
  }
  OneHotRows out;
  out.rows = rows.rows;
  out.width = rows.number_count;
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < categories; ++i) {
    begins.push_back(out.width);
    out.width += width_of(cardinalities[i], !keeps_code.empty() && keeps_code[i] != 0);
  }
  out.values.assign(out.rows * out.width, 0.0F);
  parallel_ranges(
      out.rows, out.width, kOneHotRowsPerRange, [&](std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row) {
          float* values = &out.values[row * out.width];
          std::copy_n(&rows.numbers[row * rows.number_count], rows.number_count, values);
          for (std::size_t i = 0; i < categories; ++i) {
            write_category(rows.codes[row * categories + i],
                           !keeps_code.empty() && keeps_code[i] != 0, values + begins[i]);
          }
        }
      });
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

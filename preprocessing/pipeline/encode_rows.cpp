#include "preprocessing/pipeline/encode_rows.h"

#include "preprocessing/common/numbers.h"
#include "preprocessing/pipeline/encode_numbers.h"

namespace ebb::preprocessing {
namespace {

std::vector<NumberInput> number_inputs(const Pipeline& pipeline,
                                       const std::vector<const double*>& values) {
  std::vector<NumberInput> inputs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const NumberFeature& feature = pipeline.numbers()[i];
    inputs.push_back({values[i], feature.scaler.view(),
                      to_float(feature.scaler.apply(feature.fill_value)), feature.has_indicator});
  }
  return inputs;
}

}  // namespace

EncodedRows encode_rows(Context& context, const Pipeline& pipeline, const FeatureValues& values) {
  EncodedRows out;
  out.rows = values.rows;
  out.number_count = pipeline.number_names().size();
  out.category_count = values.categories.size();
  const auto rows = static_cast<std::int64_t>(out.rows);
  const Shape number_shape{rows, static_cast<std::int64_t>(out.number_count)};
  const Shape code_shape{rows, static_cast<std::int64_t>(out.category_count)};
  View number_view;
  View code_view;
  if (context.device().is_cuda()) {
    out.device_numbers = Tensor::empty(number_shape, DType::f32, context.device());
    out.device_codes = Tensor::empty(code_shape, DType::i32, context.device());
    number_view = out.device_numbers.view();
    code_view = out.device_codes.view();
  } else {
    out.numbers.resize(out.rows * out.number_count);
    out.codes.resize(out.rows * out.category_count);
    number_view = View(out.numbers.data(), DType::f32, number_shape);
    code_view = View(out.codes.data(), DType::i32, code_shape);
  }
  encode_numbers(context, {rows, number_inputs(pipeline, values.numbers), number_view});
  encode_levels<std::int32_t>(context, {rows, values.categories, code_view});
  return out;
}

}  // namespace ebb::preprocessing

// Number features on CUDA, by tiles (common/cuda/row_tiles.cuh). A row of a feature moves 8 bytes
// in and 4 out, 8 with an indicator. Linear scalings, which memory bounds, have a kernel of their
// own with few registers; the others take 60 to 200 instructions in f64 for a value. Knots lie in
// shared memory, where they fit.
#include "preprocessing/common/cuda/row_tiles.cuh"
#include "preprocessing/common/numbers.h"
#include "preprocessing/pipeline/encode_numbers_backends.h"
#include "preprocessing/scaling/scale_value.h"

namespace ebb::preprocessing::cuda {
namespace {

/// A feature; its table is its knots. kLinear: is_linear() of its scaling.
template <bool kLinear>
struct Feature {
  using Value = double;
  using Out = float;
  static constexpr int kBlocks = kLinear ? 0 : 2;  // with 3, registers would be spilled

  __device__ float operator()(double value, const std::byte* knots) const {
    if (value != value) return filled;
    if constexpr (kLinear) return to_float(scale_linearly(scaler, value));
    ScalerView with_knots = scaler;
    with_knots.knots = reinterpret_cast<const double*>(knots);
    return to_float(scale_value(with_knots, value));
  }
  /// The indicator.
  __device__ float second(double value) const { return value != value ? 1.0F : 0.0F; }

  const double* values;
  ScalerView scaler;
  float filled;
};

template <bool kLinear>
void run(Context& context, const EncodeNumbers& p) {
  std::vector<TileInput<Feature<kLinear>>> inputs;
  for (const NumberInput& feature : p.features) {
    inputs.push_back({{feature.values, feature.scaler, feature.filled},
                      feature.scaler.knots,
                      static_cast<std::size_t>(feature.scaler.knot_count) * sizeof(double),
                      feature.has_indicator});
  }
  run_columns_to_rows(context, "encode_numbers", inputs, p.output.as<float>(), p.rows,
                      p.output.shape[1]);
}

}  // namespace

void encode_numbers(Context& context, const EncodeNumbers& p) {
  const bool are_linear =
      std::all_of(p.features.begin(), p.features.end(),
                  [](const NumberInput& feature) { return is_linear(feature.scaler.scaling); });
  are_linear ? run<true>(context, p) : run<false>(context, p);
}

}  // namespace ebb::preprocessing::cuda

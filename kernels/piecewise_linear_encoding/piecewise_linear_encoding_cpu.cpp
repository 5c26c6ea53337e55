// Piecewise linear encoding on the CPU: bins are lanes. It writes 4 bytes per component; the edges
// stay in the first-level cache. The backward direction, which models whose inputs are data never
// need, is a plain loop.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/piecewise_linear_encoding/piecewise_linear_encoding_cpu.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/common/parallel.h"
#include "kernels/common/vector_loop.h"
#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding_backends.h"
#include "kernels/piecewise_linear_encoding/piecewise_linear_encoding_reference.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Components [0, bins) of the encoding of one number.
HWY_INLINE void encode_bins(float number, const float* HWY_RESTRICT edges, std::int64_t bins,
                            float* HWY_RESTRICT output) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const auto x = hn::Set(d, number);
  const auto one = hn::Set(d, 1.0F);
  for_vectors(bins, [=](std::int64_t t, auto load, auto store) HWY_ATTR {
    const auto lower = load(edges + t);
    const auto upper = load(edges + t + 1);
    const auto bin = hn::Iota(di, static_cast<std::int32_t>(t));
    const auto inner_lower = hn::RebindMask(d, hn::Gt(bin, hn::Zero(di)));
    const auto inner_upper =
        hn::RebindMask(d, hn::Lt(bin, hn::Set(di, static_cast<std::int32_t>(bins - 1))));
    const auto below = hn::And(hn::Lt(x, lower), inner_lower);
    const auto above = hn::And(hn::Ge(x, upper), inner_upper);
    const auto share = hn::Div(hn::Sub(x, lower), hn::Sub(upper, lower));
    store(hn::IfThenZeroElse(below, hn::IfThenElse(above, one, share)), output + t);
  });
}

/// The encodings of elements [begin, end) of the input.
void encode(const PiecewiseLinearEncodingForward& p, std::int64_t begin, std::int64_t end) {
  const std::int64_t features = p.input.shape[1];
  const std::int64_t most_bins = p.edges.shape[1] - 1;
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t feature = i % features;
    const std::int64_t bins = p.counts.as<std::int32_t>()[feature];
    const float x = p.input.as<float>()[i];
    float* output = p.output.as<float>() + i * (most_bins + 2);
    encode_bins(x, p.edges.as<float>() + feature * (most_bins + 1), bins, output);
    std::fill(output + bins, output + most_bins, 0.0F);
    output[most_bins] = x;
    output[most_bins + 1] = 1.0F;
  }
}

}  // namespace ebb::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::kernels::cpu {
namespace {

HWY_EXPORT(encode);

template <class T>
void check_features(const ConstView& edges, const ConstView& counts) {
  for (std::int64_t feature = 0; feature < counts.elements(); ++feature) {
    const std::int64_t bins = counts.as<std::int32_t>()[feature];
    if (bins < 0 || bins >= edges.shape[1]) {
      fail("piecewise_linear_encoding: feature {} has {} bins, expected a number in [0, {}]",
           feature, bins, edges.shape[1] - 1);
    }
    const T* edge = edges.as<T>() + feature * edges.shape[1];
    for (std::int64_t t = 0; t < bins; ++t) {
      if (edge[t] < edge[t + 1]) continue;
      fail(
          "piecewise_linear_encoding: edges {} and {} of feature {} are {} and {}, expected them "
          "to ascend",
          t, t + 1, feature, edge[t], edge[t + 1]);
    }
  }
}

void check_contents(const ConstView& edges, const ConstView& counts) {
  if (edges.dtype == DType::f64) {
    check_features<double>(edges, counts);
  } else {
    check_features<float>(edges, counts);
  }
}

std::int64_t grain(const ConstView& edges) { return blocks_of(kParallelGrain, edges.shape[1] + 1); }

}  // namespace

void piecewise_linear_encoding(Context& context, const PiecewiseLinearEncodingForward& p) {
  check_contents(p.edges, p.counts);
  if (p.input.dtype == DType::f64) return reference::piecewise_linear_encoding<double>(p);
  parallel_for(context, p.input.elements(), grain(p.edges),
               [&](std::int64_t begin, std::int64_t end) {
                 HWY_DYNAMIC_DISPATCH(encode)(p, begin, end);
               });
}

void piecewise_linear_encoding_backward(Context& context,
                                        const PiecewiseLinearEncodingBackward& p) {
  check_contents(p.edges, p.counts);
  parallel_for(context, p.input.elements(), grain(p.edges),
               [&](std::int64_t begin, std::int64_t end) {
                 if (p.input.dtype == DType::f64) {
                   reference::piecewise_linear_encoding_backward<double>(p, begin, end);
                 } else {
                   reference::piecewise_linear_encoding_backward<float>(p, begin, end);
                 }
               });
}

}  // namespace ebb::kernels::cpu
#endif  // HWY_ONCE

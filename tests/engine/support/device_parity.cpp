#include "tests/engine/support/device_parity.h"

#include "kernels/copy/copy.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/support/test_device.h"

namespace ebb::testing {
namespace {

template <class T>
Buffer<T> buffer_of(const Tensor& tensor) {
  Buffer<T> buffer(tensor.shape());
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    buffer[static_cast<std::size_t>(i)] = static_cast<T>(element(tensor, i));
  }
  return buffer;
}

// Row-major, as comparisons take them.
Tensor packed(const Tensor& tensor) {
  if (!tensor.defined() || tensor.contiguous()) return tensor;
  Tensor dense = Tensor::empty(tensor.shape(), tensor.dtype());
  Context context({}, 1);
  kernels::copy(context, {.input = tensor.view(), .output = dense.view()});
  return dense;
}

}  // namespace

void expect_within_rule(std::string_view name, const Tensor& actual, const Tensor& naive,
                        const Tensor& oracle, double factor) {
  ASSERT_EQ(actual.defined(), oracle.defined()) << name;
  if (!oracle.defined()) return;
  ASSERT_EQ(actual.shape(), oracle.shape()) << name;
  expect_within<float>(name, buffer_of<float>(packed(actual)), buffer_of<float>(packed(naive)),
                       buffer_of<double>(packed(oracle)), {.factor = factor});
}

void expect_parity(const CheckedFunction& function, const std::vector<Tensor>& inputs,
                   const PassSettings& settings, const CheckedFunction& naive_function) {
  std::vector<Tensor> rounded;
  for (const Tensor& input : inputs) rounded.push_back(as_f32(input));
  const CheckedFunction& plain = naive_function ? naive_function : function;
  const Found oracle = run_with_gradients(function, inputs, 1, {}, settings);
  const Found naive = run_with_gradients(plain, rounded, 1, {}, settings);
  const Found actual = run_with_gradients(function, rounded, 1, test_device(), settings);
  const Found again = run_with_gradients(function, rounded, 1, test_device(), settings);
  expect_within_rule("output", actual.output, naive.output, oracle.output, kForwardRule.factor);
  EXPECT_TRUE(same_bits(packed(actual.output), packed(again.output))) << "output of a second run";
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string name = fmt::format("gradient of input {}", i);
    expect_within_rule(name, actual.gradients[i], naive.gradients[i], oracle.gradients[i],
                       kGradientRule.factor);
    if (!actual.gradients[i].defined()) continue;
    EXPECT_TRUE(same_bits(packed(actual.gradients[i]), packed(again.gradients[i]))) << name;
  }
}

}  // namespace ebb::testing

#include "tests/engine/support/tensors.h"

#include "engine/operations/elementwise.h"
#include "engine/operations/reduce.h"

namespace ebb::testing {
namespace {

void expect_equal(const Found& fused, const Found& composed, double tolerance) {
  EXPECT_LE(relative_difference(fused.output, composed.output), tolerance) << "output";
  ASSERT_EQ(fused.gradients.size(), composed.gradients.size());
  for (std::size_t i = 0; i < fused.gradients.size(); ++i) {
    EXPECT_LE(relative_difference(fused.gradients[i], composed.gradients[i]), tolerance)
        << "gradient of input " << i;
  }
}

}  // namespace

Tensor as_f32(const Tensor& tensor) {
  if (tensor.dtype() != DType::f64) return tensor;
  Tensor rounded = Tensor::empty(tensor.shape(), DType::f32);
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    rounded.data<float>()[i] = static_cast<float>(tensor.data<double>()[i]);
  }
  return rounded;
}

Found run_with_gradients(const CheckedFunction& function, const std::vector<Tensor>& inputs,
                         int threads, Device device, const PassSettings& settings) {
  Context context(device, threads);
  Tape tape(context);
  const Pass pass{context, &tape, settings};
  std::vector<Tensor> watched;
  for (const Tensor& input : inputs) watched.push_back(tape.watch(input.to(device)));
  const Tensor output = function(pass, watched);
  const Tensor upstream = random_tensor(output.shape(), 4711, output.dtype()).to(device);
  tape.backward(sum(pass, multiply(pass, output, upstream)));
  Found found{output.to(Device()), {}};
  for (const Tensor& input : watched) {
    const Tensor gradient = tape.gradient(input);
    found.gradients.push_back(gradient.defined() ? gradient.to(Device()) : gradient);
  }
  return found;
}

void expect_equal_computations(const CheckedFunction& fused, const CheckedFunction& composed,
                               const std::vector<Tensor>& inputs) {
  {
    SCOPED_TRACE("f64");
    expect_equal(run_with_gradients(fused, inputs), run_with_gradients(composed, inputs), 1e-12);
  }
  SCOPED_TRACE("f32");
  std::vector<Tensor> rounded;
  for (const Tensor& input : inputs) rounded.push_back(as_f32(input));
  // Both round along the way, each in its own order.
  expect_equal(run_with_gradients(fused, rounded), run_with_gradients(composed, rounded), 1e-5);
}

}  // namespace ebb::testing

#include "tests/engine/support/tensors.h"

#include "engine/operations/elementwise.h"
#include "engine/operations/reduce.h"

namespace ebb::testing {
namespace {

Tensor as_f32(const Tensor& tensor) {
  if (tensor.dtype() != DType::f64) return tensor;
  Tensor rounded = Tensor::empty(tensor.shape(), DType::f32);
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    rounded.data<float>()[i] = static_cast<float>(tensor.data<double>()[i]);
  }
  return rounded;
}

void expect_equal(const Found& fused, const Found& composed, double tolerance) {
  EXPECT_LE(relative_difference(fused.output, composed.output), tolerance) << "output";
  ASSERT_EQ(fused.gradients.size(), composed.gradients.size());
  for (std::size_t i = 0; i < fused.gradients.size(); ++i) {
    EXPECT_LE(relative_difference(fused.gradients[i], composed.gradients[i]), tolerance)
        << "gradient of input " << i;
  }
}

}  // namespace

Found run_with_gradients(const CheckedFunction& function, const std::vector<Tensor>& inputs,
                         int threads) {
  Context context({}, threads);
  Tape tape(context);
  const Pass pass{context, &tape};
  std::vector<Tensor> watched;
  for (const Tensor& input : inputs) watched.push_back(tape.watch(input));
  Found found;
  found.output = function(pass, watched);
  const Tensor upstream = random_tensor(found.output.shape(), 4711, found.output.dtype());
  tape.backward(sum(pass, multiply(pass, found.output, upstream)));
  for (const Tensor& input : watched) found.gradients.push_back(tape.gradient(input));
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

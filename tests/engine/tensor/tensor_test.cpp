#include "engine/tensor/tensor.h"

#include <gtest/gtest.h>

#include "tests/kernels/support/expect_error.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;

Tensor counting(const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return Tensor::from_values(shape, values);
}

float at(const Tensor& tensor, std::initializer_list<std::int64_t> index) {
  std::int64_t offset = 0;
  int dimension = 0;
  for (const std::int64_t i : index) offset += i * tensor.strides()[dimension++];
  return tensor.data<float>()[offset];
}

TEST(TensorTest, StartsUndefined) {
  const Tensor tensor;
  EXPECT_FALSE(tensor.defined());
  EXPECT_FALSE(tensor.view().present());
}

TEST(TensorTest, HoldsEveryDtype) {
  for (const DType dtype :
       {DType::f32, DType::f64, DType::bf16, DType::f16, DType::i32, DType::i64, DType::u8}) {
    const Tensor tensor = Tensor::full({2, 3}, 1.0, dtype);
    EXPECT_EQ(tensor.dtype(), dtype);
    EXPECT_EQ(tensor.elements(), 6);
    EXPECT_TRUE(tensor.contiguous());
  }
  EXPECT_EQ(Tensor::full({1}, 1.0, DType::bf16).data<BFloat16>()->bits, 0x3f80);
  EXPECT_EQ(Tensor::full({1}, 1.0, DType::f16).data<Float16>()->bits, 0x3c00);
  EXPECT_EQ(*Tensor::full({1}, -7.0, DType::i64).data<std::int64_t>(), -7);
  EXPECT_EQ(*Tensor::full({1}, 1e300, DType::i32).data<std::int32_t>(), 2147483647);
  EXPECT_EQ(*Tensor::full({1}, -1.0, DType::u8).data<std::uint8_t>(), 0);
}

TEST(TensorTest, FillsZeros) {
  const Tensor tensor = Tensor::zeros({3, 5}, DType::f64);
  for (const double value : tensor.values<double>()) EXPECT_EQ(value, 0.0);
}

TEST(TensorTest, CopiesShareData) {
  const Tensor tensor = counting({4});
  const Tensor copy = tensor;
  copy.data<float>()[2] = 9.0F;
  EXPECT_EQ(tensor.data<float>()[2], 9.0F);
  EXPECT_FALSE(tensor.owns_storage_alone());
}

TEST(TensorTest, ViewsShareDataWithoutCopies) {
  const Tensor tensor = counting({2, 3, 4});
  const Tensor transposed = tensor.transpose(0, -1);
  EXPECT_EQ(transposed.shape(), (Shape{4, 3, 2}));
  EXPECT_FALSE(transposed.contiguous());
  EXPECT_EQ(at(transposed, {3, 2, 1}), 23.0F);
  const Tensor slice = tensor.slice(1, 1, 2);
  EXPECT_EQ(slice.shape(), (Shape{2, 2, 4}));
  EXPECT_EQ(at(slice, {1, 0, 2}), 18.0F);
  const Tensor flat = tensor.reshape({24});
  flat.data<float>()[18] = -1.0F;
  EXPECT_EQ(at(slice, {1, 0, 2}), -1.0F);
}

TEST(TensorTest, ViewsOutliveTheTensorTheyCameFrom) {
  Tensor view;
  { view = counting({2, 8}).slice(0, 1, 1); }
  EXPECT_EQ(at(view, {0, 7}), 15.0F);
  EXPECT_TRUE(view.owns_storage_alone());
}

TEST(TensorTest, TakesEmptyShapes) {
  const Tensor tensor = Tensor::zeros({0, 3});
  EXPECT_TRUE(tensor.defined());
  EXPECT_EQ(tensor.elements(), 0);
  EXPECT_EQ(tensor.reshape({3, 0}).shape(), (Shape{3, 0}));
}

TEST(TensorTest, ReadsOneNumber) {
  EXPECT_EQ(Tensor::full({}, 2.5, DType::f64).item(), 2.5);
  EXPECT_EQ(Tensor::full({1, 1}, 2.5).item(), 2.5);
  expect_error("item() wants a tensor of one element, got [2]",
               [] { static_cast<void>(counting({2}).item()); });
  expect_error("item() wants a tensor of f32 or f64, got i32",
               [] { static_cast<void>(Tensor::zeros({1}, DType::i32).item()); });
}

TEST(TensorTest, ErrorsNameShapes) {
  const Tensor tensor = counting({2, 3});
  expect_error("reshape: [2, 3] has 6 elements, [4, 2] has 8", [&] {
    static_cast<void>(tensor.reshape({4, 2}));
  });
  expect_error("reshape: tensor [3, 2] with strides [1, 3] is not contiguous; copy it first",
               [&] { static_cast<void>(tensor.transpose(0, 1).reshape({6})); });
  expect_error("slice: [2, 4) is outside of dimension 1 of [2, 3]",
               [&] { static_cast<void>(tensor.slice(1, 2, 2)); });
  expect_error("dimension 2 is outside of a tensor [2, 3]",
               [&] { static_cast<void>(tensor.slice(2, 0, 1)); });
  expect_error("tensor [2, -1] has a negative extent", [] {
    static_cast<void>(Tensor::empty({2, -1}));
  });
  expect_error("tensor [2, 2] of f32 takes 4 values, got 3", [] {
    static_cast<void>(Tensor::from_values({2, 2}, std::vector<float>(3)));
  });
}

TEST(TensorTest, RefusesToBeReadAsAnotherDtype) {
  expect_error("tensor [2] holds f32, but was read as i32",
               [] { static_cast<void>(counting({2}).data<std::int32_t>()); });
  expect_error("an undefined tensor was read", [] { static_cast<void>(Tensor().data<float>()); });
}

TEST(TensorTest, RefusesDevicesThatAreNotThere) {
  const Device device{DeviceKind::cuda, 99};
  expect_error<UnsupportedError>(
      fmt::format("device cuda:99: {}", device_unavailable(device)),
      [&] { static_cast<void>(Tensor::empty({1}, DType::f32, device)); });
}

}  // namespace
}  // namespace ebb

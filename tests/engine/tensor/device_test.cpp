// Tensors on the device under test, and their way to and from the host.
#include <numeric>
#include <utility>

#include <gtest/gtest.h>

#include "engine/tensor/staging_buffer.h"
#include "kernels/dropout/dropout.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/support/test_device.h"

namespace ebb {
namespace {

using ebb::testing::expect_error;
using ebb::testing::test_device;

std::vector<float> counted(std::size_t count, float first = 0.0F) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

std::vector<float> on_host(const Tensor& tensor) {
  const Tensor copy = tensor.to(Device());
  return {copy.data<float>(), copy.data<float>() + copy.elements()};
}

// x + 0: dropout that drops nothing, on the device's stream.
Tensor copied_by_a_kernel(Context& context, const Tensor& input) {
  Tensor output = Tensor::empty(input.shape(), input.dtype(), input.device());
  kernels::dropout(context, {.input = input.view(), .dropout = {}, .output = output.view()});
  return output;
}

TEST(DeviceTest, TensorsGoThereAndBack) {
  const Tensor there = Tensor::from_values({2, 3}, counted(6), test_device());
  EXPECT_EQ(there.device(), test_device());
  EXPECT_EQ(on_host(there), counted(6));
  EXPECT_EQ(on_host(Tensor::from_values({2, 3}, counted(6)).to(test_device())), counted(6));
  EXPECT_EQ(there.to(test_device()).view().data, there.view().data) << "no copy where it is";
}

TEST(DeviceTest, KeepsStridesOnTheWay) {
  const Tensor there = Tensor::from_values({2, 3}, counted(6), test_device());
  const Tensor column = there.transpose(0, 1).slice(0, 1, 1).to(Device());
  EXPECT_EQ(column.shape(), (Shape{1, 2}));
  EXPECT_EQ(column.data<float>()[0], 1.0F);
  EXPECT_EQ(column.data<float>()[column.strides()[1]], 4.0F);
  const Tensor part = there.slice(0, 1, 1).to(Device());
  EXPECT_EQ(part.values<float>()[2], 5.0F);
  EXPECT_EQ(there.slice(0, 0, 0).to(Device()).elements(), 0);
}

TEST(DeviceTest, FillsAndReadsOneNumber) {
  EXPECT_EQ(Tensor::full({}, 2.5, DType::f64, test_device()).item(), 2.5);
  EXPECT_EQ(Tensor::full({1, 1}, 2.5, DType::f32, test_device()).item(), 2.5);
  EXPECT_EQ(on_host(Tensor::zeros({5}, DType::f32, test_device())), std::vector<float>(5));
  EXPECT_EQ(on_host(Tensor::full({5}, 3.0, DType::f32, test_device())),
            std::vector<float>(5, 3.0F));
}

TEST(DeviceTest, CopiesIntoOtherTensors) {
  const Tensor there = Tensor::zeros({6}, DType::f32, test_device());
  copy_values(Tensor::from_values({6}, counted(6)), there);
  const Tensor back = Tensor::zeros({6});
  copy_values(there, back);
  EXPECT_EQ(on_host(back), counted(6));
  expect_error("copy_values: f32 [6] cannot be copied into f32 [5]",
               [&] { copy_values(there, Tensor::zeros({5})); });
}

TEST(DeviceTest, RefusesToLetTheHostReadTheDevice) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "the host can read what is on the CPU";
  const Tensor there = Tensor::zeros({2, 3}, DType::f32, test_device());
  const std::string message = fmt::format(
      "tensor [2, 3] is on {}, where the host cannot read it; copy it with to(Device())",
      to_string(test_device()));
  expect_error(message, [&] { static_cast<void>(there.data<float>()); });
  expect_error(message, [&] { static_cast<void>(there.values<float>()); });
}

TEST(DeviceTest, GivesUnwrittenMemoryWithoutTouchingItOnTheHost) {
  // Were a list of free blocks kept inside of them, this would crash on a GPU; on the virtual one
  // the values show it.
  std::vector<float> before;
  const void* block = nullptr;
  {
    const Tensor first = Tensor::from_values({64}, counted(64, 1.0F), test_device());
    block = first.view().data;
  }
  const Tensor second = Tensor::empty({64}, DType::f32, test_device());
  ASSERT_EQ(second.view().data, block);
  EXPECT_EQ(on_host(second), counted(64, 1.0F));
}

TEST(StagingBufferTest, OverlapsUploadsAndKernelsWithoutMixingThem) {
  constexpr std::size_t kCount = 5000;
  constexpr std::size_t kBytes = kCount * sizeof(float);
  Context context(test_device(), 1);
  StagingBuffer first(test_device());
  StagingBuffer second(test_device());
  StagingBuffer* now = &first;
  StagingBuffer* next = &second;
  const auto upload = [](StagingBuffer& buffer, int step) {
    const std::vector<float> values = counted(kCount, static_cast<float>(1000 * step));
    std::copy(values.begin(), values.end(), reinterpret_cast<float*>(buffer.host(kBytes)));
    buffer.upload();
  };
  std::vector<Tensor> results;
  upload(*now, 0);
  for (int step = 0; step < 6; ++step) {
    upload(*next, step + 1);
    results.push_back(copied_by_a_kernel(context, now->tensor({kCount}, DType::f32)));
    std::swap(now, next);
  }
  for (int step = 0; step < 6; ++step) {
    EXPECT_EQ(on_host(results[static_cast<std::size_t>(step)]),
              counted(kCount, static_cast<float>(1000 * step)));
  }
}

TEST(StagingBufferTest, HoldsSeveralTensorsAndGrows) {
  StagingBuffer buffer(test_device());
  for (const std::size_t count : {16u, 4096u, 32u}) {
    std::byte* host = buffer.host(2 * count * sizeof(float));
    const std::vector<float> values = counted(2 * count);
    std::copy(values.begin(), values.end(), reinterpret_cast<float*>(host));
    buffer.upload();
    const auto extent = static_cast<std::int64_t>(count);
    EXPECT_EQ(on_host(buffer.tensor({extent}, DType::f32, count * sizeof(float))),
              counted(count, static_cast<float>(count)));
    EXPECT_EQ(on_host(buffer.tensor({extent}, DType::f32)), counted(count));
  }
}

TEST(StagingBufferTest, BringsTensorsDown) {
  Context context(test_device(), 1);
  StagingBuffer buffer(test_device());
  for (const std::int64_t count : {3, 1000}) {
    const auto size = static_cast<std::size_t>(count);
    {
      // Freed and handed out again before the copy has to be done.
      const Tensor input = Tensor::from_values({count}, counted(size), test_device());
      buffer.download(copied_by_a_kernel(context, input));
    }
    const Tensor other = Tensor::full({count}, -1.0, DType::f32, test_device());
    const auto* values = reinterpret_cast<const float*>(buffer.downloaded());
    EXPECT_EQ(std::vector<float>(values, values + count), counted(size));
  }
}

}  // namespace
}  // namespace ebb

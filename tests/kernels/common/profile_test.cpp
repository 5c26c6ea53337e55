// What a profile counts. Nothing here depends on how long anything takes.
#include "kernels/common/profile.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/attention/attention.h"
#include "kernels/copy/copy.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/linear/linear.h"
#include "kernels/reduce/reduce.h"
#include "tests/kernels/support/buffer.h"

namespace ebb {
namespace {

using testing::Buffer;
using testing::random_normal;

const ProfileRow& row_of(const Profile& profile, std::string_view operation) {
  const auto rows = profile.rows();
  const auto found = std::find_if(
      rows.begin(), rows.end(), [&](const ProfileRow& row) { return row.operation == operation; });
  if (found == rows.end()) throw Error("no row " + std::string(operation));
  return *found;
}

void fill_with_ones(Context& context, Buffer<float>& buffer) {
  kernels::fill(context, {.value = 1.0, .output = buffer.view()});
}

TEST(ProfileTest, AContextHasNone) {
  Context context({}, 1);
  EXPECT_EQ(context.profile(), nullptr);
  Buffer<float> buffer({8});
  fill_with_ones(context, buffer);
}

TEST(ProfileTest, CountsCallsBytesAndTime) {
  Context context({}, 1);
  Profile profile;
  context.set_profile(&profile);
  Buffer<float> eight({8}), copied({8});
  fill_with_ones(context, eight);
  fill_with_ones(context, eight);
  kernels::copy(context, {.input = eight.view(), .output = copied.view()});
  kernels::copy(context, {.input = eight.view(), .output = copied.view(), .accumulate = true});
  context.set_profile(nullptr);
  fill_with_ones(context, eight);

  ASSERT_EQ(profile.rows().size(), 2u);
  EXPECT_EQ(profile.rows()[0].operation, "fill");
  EXPECT_EQ(profile.rows()[0].calls, 2);
  EXPECT_EQ(profile.rows()[0].bytes, 2 * 32.0);
  EXPECT_EQ(row_of(profile, "copy").bytes, 64.0 + 96.0);
  EXPECT_EQ(row_of(profile, "copy").flops, 0.0);
  double seconds = 0.0;
  for (const ProfileRow& row : profile.rows()) {
    EXPECT_GT(row.seconds, 0.0);
    seconds += row.seconds;
  }
  EXPECT_DOUBLE_EQ(profile.operation_seconds(), seconds);
  EXPECT_EQ(profile.between_seconds(), 0.0);
}

// A linear layer calls activation and matrix products; they are its own.
TEST(ProfileTest, CountsTheOutermostOperationOnly) {
  Context context({}, 1);
  Profile profile;
  context.set_profile(&profile);
  const auto input = random_normal<float>({5, 4}, 1);
  const auto weight = random_normal<float>({3, 4}, 2);
  const auto bias = random_normal<float>({3}, 3);
  Buffer<float> derivative({5, 3}), output({5, 3}), grad_input({5, 4}), grad_weight({3, 4});
  Buffer<float> scratch({5, 3}), grad_bias({3});
  kernels::linear(context, {.input = input.view(),
                            .weight = weight.view(),
                            .bias = bias.view(),
                            .activation = kernels::Activation::gelu,
                            .derivative = derivative.view(),
                            .output = output.view()});
  kernels::linear_backward(context, {.input = input.view(),
                                     .weight = weight.view(),
                                     .derivative = derivative.view(),
                                     .grad_output = output.view(),
                                     .grad_pre_activation = scratch.view(),
                                     .grad_input = grad_input.view(),
                                     .grad_weight = grad_weight.view(),
                                     .grad_bias = grad_bias.view()});
  ASSERT_EQ(profile.rows().size(), 2u);
  EXPECT_EQ(row_of(profile, "linear").shape, (Shape{3, 4}));
  EXPECT_EQ(row_of(profile, "linear").flops, 2.0 * 5 * 4 * 3);
  EXPECT_EQ(row_of(profile, "linear_backward").flops, 2 * 2.0 * 5 * 4 * 3);
}

TEST(ProfileTest, CountsAttentionByItsScores) {
  Context context({}, 1);
  Profile profile;
  context.set_profile(&profile);
  const Shape shape{2, 3, 5, 4};
  const auto query = random_normal<float>(shape, 1);
  Buffer<float> output(shape), log_sum_exp({2, 3, 5}), dq(shape), dk(shape), dv(shape);
  kernels::AttentionForward forward{{query.view(), query.view(), query.view()}};
  forward.output = output.view();
  forward.log_sum_exp = log_sum_exp.view();
  kernels::attention(context, forward);
  kernels::AttentionBackward backward{{query.view(), query.view(), query.view()}};
  backward.output = output.view();
  backward.log_sum_exp = log_sum_exp.view();
  backward.grad_output = output.view();
  backward.grad_query = dq.view();
  backward.grad_key = dk.view();
  backward.grad_value = dv.view();
  kernels::attention_backward(context, backward);
  EXPECT_EQ(row_of(profile, "attention").flops, 4.0 * 2 * 3 * 5 * 5 * 4);
  EXPECT_EQ(row_of(profile, "attention_backward").flops, 10.0 * 2 * 3 * 5 * 5 * 4);
}

TEST(ProfileTest, KeepsShapesAndThreadsApart) {
  Profile profile;
  Context one({}, 1), three({}, 3);
  one.set_profile(&profile);
  three.set_profile(&profile);
  const auto call = [](Context& context, const Shape& shape) {
    const ProfileScope scope(context, "operation",
                             [&] { return OperationCost{.flops = 2.0, .shape = shape}; });
  };
  call(one, {2});
  call(one, {3});
  call(three, {3});
  call(one, {2});
  ASSERT_EQ(profile.rows().size(), 3u);
  EXPECT_EQ(profile.rows()[0].calls, 2);
  EXPECT_EQ(profile.rows()[0].flops, 4.0);
  EXPECT_EQ(profile.rows()[2].threads, 3);
}

TEST(ProfileTest, AnOperationThatThrowsIsOver) {
  Profile profile;
  Context context({}, 1);
  context.set_profile(&profile);
  Buffer<float> buffer({8});
  try {
    const ProfileScope scope(context, "thrown", [] { return OperationCost{}; });
    throw Error("no");
  } catch (const Error&) {
  }
  fill_with_ones(context, buffer);
  ASSERT_EQ(profile.rows().size(), 2u);
}

TEST(ProfileTest, LanesTellTheTimeBetweenOperations) {
  Profile lane, other;
  Context context({}, 1);
  context.set_profile(&lane);
  Buffer<float> buffer({1 << 12});
  const auto begin = Profile::Clock::now();
  {
    const LaneScope scope(context);
    for (int i = 0; i < 10; ++i) fill_with_ones(context, buffer);
  }
  const std::chrono::duration<double> elapsed = Profile::Clock::now() - begin;
  EXPECT_GT(lane.between_seconds(), 0.0);
  EXPECT_LE(lane.operation_seconds() + lane.between_seconds(), elapsed.count());

  other.merge(lane);
  other.merge(lane);
  EXPECT_EQ(row_of(other, "fill").calls, 20);
  EXPECT_DOUBLE_EQ(other.operation_seconds(), 2 * lane.operation_seconds());
  EXPECT_DOUBLE_EQ(other.between_seconds(), 2 * lane.between_seconds());
  other.clear();
  EXPECT_TRUE(other.rows().empty());
  EXPECT_EQ(other.operation_seconds() + other.between_seconds(), 0.0);
}

}  // namespace
}  // namespace ebb

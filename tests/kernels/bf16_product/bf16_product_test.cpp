#include "kernels/bf16_product/bf16_product.h"

#include <limits>

#include <gtest/gtest.h>

#include "kernels/bf16_product/bf16_product_reference.h"
#include "kernels/matrix_product/matrix_product_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/bf16.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/kernels/support/product_libraries.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::converted;
using ebb::testing::expect_error;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::random_normal;
using ebb::testing::Rounded;
using ebb::testing::test_device;
using ebb::testing::transposed;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Ties in both directions, carries into the exponent, the largest numbers, the smallest, NaN whose
// payload lies in the lower half.
std::vector<float> special_values() {
  std::vector<float> values{0.0F, -0.0F, 1.0F, kInfinity, -kInfinity, kNaN, 1e-40F, -1e-45F, 3e38F};
  for (const std::uint32_t bits :
       {0x3f808000u, 0x3f818000u, 0x3f807fffu, 0x3f808001u, 0x3fff8000u, 0x7f7f7fffu, 0x7f7f8000u,
        0x7f7fffffu, 0xff7fffffu, 0x7f800001u, 0xff800001u, 0x00008000u, 0x00018000u}) {
    values.push_back(std::bit_cast<float>(bits));
  }
  return values;
}

class Bf16ProductTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string reason = bf16_product_unsupported(test_device());
    if (!reason.empty()) GTEST_SKIP() << reason;
  }
  Context context_{test_device(), 1};
};

TEST(Bf16RoundingTest, IsToNearestEvenAndKeepsNaNOnEveryBackend) {
  const std::vector<float> special = special_values();
  Buffer<float> input = random_normal<float>({97}, 1);
  for (std::size_t i = 0; i < special.size(); ++i) input[3 * i + 1] = special[i];
  ebb::testing::for_each_backend([&]<class T> {
    for (const std::int64_t count : {1, 15, 16, 17, 31, 97}) {
      Buffer<BFloat16> output({count + 1});
      output[output.size() - 1] = BFloat16{77};
      Context context(test_device(), 1);
      round_to_bf16(context, {.input = {input.data(), DType::f32, {count}},
                              .output = {output.data(), DType::bf16, {count}}});
      for (std::size_t i = 0; i < output.size() - 1; ++i) {
        if (test_device().is_cuda() && std::isnan(input[i])) {
          EXPECT_TRUE(std::isnan(to_float(output[i])));  // another NaN than the CPU's
        } else {
          EXPECT_EQ(output[i].bits, to_bfloat16(input[i]).bits) << input[i];
        }
      }
      EXPECT_EQ(output[output.size() - 1].bits, 77);
    }
  });
}

TEST(Bf16SupportTest, SaysWhatIsMissingAndWhatToDo) {
  if (test_device().is_cuda()) GTEST_SKIP() << "about the CPU's units";
  const std::string reason = bf16_product_unsupported(Device{});
  EXPECT_EQ(reason.empty(), active_bf16_unit() != Bf16Unit::none);
  if (active_instruction_set() != InstructionSet::avx512) {
    EXPECT_NE(reason, "");
  }
  if (reason.empty()) return;
  EXPECT_NE(reason.find("AVX-512 BF16 or AMX"), std::string::npos) << reason;
  EXPECT_NE(reason.find("use f32"), std::string::npos) << reason;
  const Buffer<float> values = random_normal<float>({2, 2}, 1);
  const Rounded operand(values);
  Buffer<float> output({2, 2});
  Context context(test_device(), 1);
  expect_error<UnsupportedError>("bf16_product: " + reason, [&] {
    bf16_product(context, {.a = operand.view(), .b = operand.view(), .output = output.view()});
  });
}

struct Case {
  std::int64_t m, n, k;
  bool transposed_a, packed_b, transposed_source, accumulate;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.m << " x " << c.n << " x " << c.k << " ta " << c.transposed_a << " packed "
       << c.packed_b << " from its transpose " << c.transposed_source << " accumulate "
       << c.accumulate;
}

class Bf16ProductShapeTest : public Bf16ProductTest, public ::testing::WithParamInterface<Case> {
 protected:
  const Case& c = GetParam();
  Buffer<float> a = random_normal<float>(c.transposed_a ? Shape{c.k, c.m} : Shape{c.m, c.k}, 1);
  Buffer<float> b =
      random_normal<float>(c.transposed_source ? Shape{c.n, c.k} : Shape{c.k, c.n}, 2);
  Buffer<float> initial = random_normal<float>({c.m, c.n}, 3);

  template <class T>
  ConstView seen_a(const T& buffer) const {
    return c.transposed_a ? transposed(buffer.view()) : buffer.view();
  }
  template <class T>
  ConstView seen_b(const T& buffer) const {
    return c.transposed_source ? transposed(buffer.view()) : buffer.view();
  }

  Buffer<float> product() {
    const Rounded rounded_a(a);
    const Rounded rounded_b(b);
    Buffer<float> output = initial;
    Bf16Product p{
        .a = seen_a(rounded_a), .b = {}, .output = output.view(), .accumulate = c.accumulate};
    PackedMatrix packed(c.k, c.n, test_device());
    if (c.packed_b) {
      packed.pack(context_, seen_b(std::as_const(b)));
      p.packed_b = &packed;
    } else {
      p.b = rounded_b.view();
    }
    bf16_product(context_, p);
    return output;
  }
};

TEST_P(Bf16ProductShapeTest, FollowsTheErrorRuleOnEveryBackend) {
  Buffer<double> oracle = converted<double>(initial);
  const Buffer<double> exact_a = converted<double>(a);
  const Buffer<double> exact_b = converted<double>(b);
  reference::matrix_product<double>(
      {seen_a(exact_a), seen_b(exact_b), oracle.view(), c.accumulate});
  Buffer<float> naive = initial;
  reference::bf16_product(seen_a(std::as_const(a)), seen_b(std::as_const(b)), naive.view(),
                          c.accumulate);
  ebb::testing::for_each_product_library([&] {
    std::optional<Buffer<float>> first;
    ebb::testing::for_each_backend([&]<class T> {
      const Buffer<float> actual = product();
      expect_within("output", actual, naive, oracle, ebb::testing::kForwardRule);
      // Rounding is exact and the unit is the same.
      if (first) expect_same_bits("output", actual, *first);
      first.emplace(actual);
    });
  });
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Bf16ProductShapeTest,
    ::testing::Values(
        Case{1, 1, 1, false, true, false, false}, Case{7, 33, 31, false, true, true, false},
        Case{33, 65, 63, false, true, false, true}, Case{128, 192, 64, false, true, true, false},
        Case{112, 257, 300, false, true, true, true}, Case{240, 64, 513, false, true, true, false},
        Case{5, 128, 1, false, true, true, false}, Case{31, 7, 33, true, false, false, false},
        Case{64, 192, 240, true, false, false, true}, Case{257, 65, 129, true, false, false, false},
        Case{65, 31, 1, true, false, false, true}, Case{64, 64, 1100, true, false, false, true}));

// A wrong sign or a lost pair would show here even where the error rule is wide.
TEST_F(Bf16ProductTest, IsExactOnWholeNumbers) {
  const std::int64_t k = 70;
  const std::int64_t n = 130;
  Buffer<float> a({3, k});
  Buffer<float> b({k, n});
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 11) - 5.0F;
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 13) - 6.0F;
  Buffer<float> expected({3, n});
  reference::matrix_product<float>({a.view(), b.view(), expected.view(), false});
  PackedMatrix packed(k, n, test_device());
  packed.pack(context_, b.view());
  const Rounded rounded(a);
  ebb::testing::for_each_product_library([&] {
    Buffer<float> output({3, n});
    bf16_product(context_,
                 {.a = rounded.view(), .packed_b = &packed, .b = {}, .output = output.view()});
    expect_same_bits("output", output, expected);
  });
}

TEST_F(Bf16ProductTest, KeepsNaNAndInfinitiesInTheirRows) {
  Buffer<float> a = random_normal<float>({5, 40}, 1);
  Buffer<float> b({40, 20}, std::vector<float>(800, 1.0F));
  a[1 * 40 + 39] = kNaN;
  a[3 * 40 + 7] = kInfinity;
  a[4 * 40 + 7] = kInfinity;
  a[4 * 40 + 8] = -kInfinity;
  PackedMatrix packed(40, 20, test_device());
  packed.pack(context_, b.view());
  const Rounded rounded(a);
  ebb::testing::for_each_product_library([&] {
    Buffer<float> output({5, 20});
    bf16_product(context_,
                 {.a = rounded.view(), .packed_b = &packed, .b = {}, .output = output.view()});
    for (std::size_t i = 0; i < output.size(); ++i) {
      const std::size_t row = i / 20;
      EXPECT_EQ(std::isnan(output[i]), row == 1 || row == 4) << i;
      EXPECT_EQ(std::isinf(output[i]), row == 3) << i;
    }
  });
}

TEST_F(Bf16ProductTest, PacksTheSameForAnyNumberOfThreads) {
  const Buffer<float> matrix = random_normal<float>({300, 500}, 1);
  const Buffer<float> a = random_normal<float>({9, 300}, 2);
  const Rounded rounded(a);
  std::optional<Buffer<float>> first;
  for (const int threads : ebb::testing::kThreadCounts) {
    Context context(test_device(), threads);
    PackedMatrix packed(300, 500, test_device());
    packed.pack(context, matrix.view());
    Buffer<float> output({9, 500});
    bf16_product(context,
                 {.a = rounded.view(), .packed_b = &packed, .b = {}, .output = output.view()});
    if (first) expect_same_bits("output", output, *first);
    first.emplace(output);
  }
}

TEST_F(Bf16ProductTest, MultipliesNothingToZeros) {
  Buffer<float> output({3, 4});
  const Rounded nothing(Buffer<float>({3, 0}));
  const Rounded nothing_either(Buffer<float>({0, 4}));
  bf16_product(context_,
               {.a = nothing.view(), .b = nothing_either.view(), .output = output.view()});
  for (const float value : output.values()) EXPECT_EQ(value, 0.0F);
}

TEST_F(Bf16ProductTest, NamesTheOperandThatDoesNotFit) {
  const Buffer<float> values = random_normal<float>({4, 6}, 1);
  const Rounded a(values);
  Buffer<float> output({4, 8});
  const PackedMatrix packed(5, 8, test_device());
  expect_error("bf16_product: b is [5, 8], expected [6, n] (for a [4, 6])", [&] {
    bf16_product(context_, {.a = a.view(), .packed_b = &packed, .b = {}, .output = output.view()});
  });
  expect_error("bf16_product: a has dtype f32, expected bf16", [&] {
    const Buffer<float> square({4, 4});
    bf16_product(context_, {.a = square.view(), .b = a.view(), .output = output.view()});
  });
  PackedMatrix other(6, 4, test_device());
  expect_error("PackedMatrix: the matrix is [4, 6] f32, expected [6, 4] f32",
               [&] { other.pack(context_, values.view()); });
  expect_error("PackedMatrix: 0 x 4, expected positive extents", [] { PackedMatrix empty(0, 4); });
}

}  // namespace
}  // namespace ebb::kernels

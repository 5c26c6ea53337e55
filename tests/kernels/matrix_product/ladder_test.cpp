// Every rung of the ladder of matrix products on CUDA, against plain loops.
#include "kernels/matrix_product/ladder/ladder.h"

#include <functional>

#include <gtest/gtest.h>

#include "kernels/matrix_product/matrix_product_reference.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/buffer.h"
#include "tests/kernels/support/error_rule.h"

namespace ebb::kernels {
namespace {

using ebb::testing::Buffer;
using ebb::testing::expect_same_bits;
using ebb::testing::expect_within;
using ebb::testing::random_normal;
using ebb::testing::test_device;

struct LadderCase {
  std::int64_t m, n, k;
  bool transposed_a, transposed_b;
};

// From one element to several tiles of every rung, all layouts, a k that is divided.
constexpr LadderCase kCases[] = {{1, 1, 1, false, false},     {33, 31, 65, false, true},
                                 {65, 130, 17, true, false},  {64, 64, 64, true, true},
                                 {128, 192, 72, false, true}, {40, 64, 600, true, false}};

template <class T>
struct LadderOperands {
  explicit LadderOperands(const LadderCase& c)
      : spec(c),
        a(random_normal<T>(c.transposed_a ? Shape{c.k, c.m} : Shape{c.m, c.k}, 1)),
        b(random_normal<T>(c.transposed_b ? Shape{c.n, c.k} : Shape{c.k, c.n}, 2)),
        output(random_normal<T>({c.m, c.n}, 3)) {}
  MatrixProduct parameters() {
    return {spec.transposed_a ? ebb::testing::transposed(a.view()) : ConstView(a.view()),
            spec.transposed_b ? ebb::testing::transposed(b.view()) : ConstView(b.view()),
            output.view(), true};
  }

  LadderCase spec;
  Buffer<T> a, b, output;
};

using Rung = std::function<void(Context&, const gemm::Problem&)>;

template <class T>
void expect_rung(const Rung& rung) {
  for (const LadderCase& c : kCases) {
    SCOPED_TRACE(
        fmt::format("{} x {} x {} ta {} tb {}", c.m, c.n, c.k, c.transposed_a, c.transposed_b));
    LadderOperands<double> oracle(c);
    LadderOperands<float> naive(c);
    reference::matrix_product<double>(oracle.parameters());
    reference::matrix_product<float>(naive.parameters());
    Context context(test_device(), 1);
    const auto run = [&](LadderOperands<T>& operands) {
      const MatrixProduct p = operands.parameters();
      rung(context, gemm::problem_of(p.a, p.b, p.output, p.accumulate));
    };
    LadderOperands<T> actual(c);
    run(actual);
    expect_within("output", actual.output, naive.output, oracle.output, ebb::testing::kForwardRule);
    LadderOperands<T> again(c);
    run(again);
    expect_same_bits("output", actual.output, again.output);
  }
}

class MatrixProductLadderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!test_device().is_cuda()) GTEST_SKIP() << "the ladder is of CUDA kernels";
  }
};

#if EBB_WITH_CUDA

TEST_F(MatrixProductLadderTest, NaiveFollowsTheErrorRule) {
  ebb::testing::for_each_storage_backend([]<class T> {
    expect_rung<T>([](Context& context, const gemm::Problem& p) { gemm::naive(context, p); });
  });
}

TEST_F(MatrixProductLadderTest, TiledFollowsTheErrorRule) {
  ebb::testing::for_each_storage_backend([]<class T> {
    expect_rung<T>([](Context& context, const gemm::Problem& p) { gemm::tiled(context, p); });
  });
}

TEST_F(MatrixProductLadderTest, RungsInProductionFollowTheErrorRule) {
  ebb::testing::for_each_storage_backend([]<class T> {
    expect_rung<T>([](Context& context, const gemm::Problem& p) {
      void* const memory = context.workspace().acquire(gemm::workspace_bytes(p));
      gemm::best_rung(context, p, static_cast<float*>(memory));
    });
  });
}

#endif

TEST(MatrixProductSplitTest, DividesALongKByTheShapeAlone) {
  const auto split = [](std::int64_t m, std::int64_t n, std::int64_t k) {
    return gemm::split_of({.m = m, .n = n, .k = k});
  };
  EXPECT_EQ(split(64, 64, 511).parts, 1);
  EXPECT_EQ(split(64, 64, 512).parts, 2);
  EXPECT_EQ(split(64, 64, 5120).parts, 20);
  EXPECT_EQ(split(5120, 128, 5120).parts, 1);
  EXPECT_EQ(split(0, 64, 5120).parts, 1);
  for (const std::int64_t k : {512, 513, 1000, 5120, 100000}) {
    const gemm::Split s = split(192, 192, k);
    EXPECT_EQ(s.length % 64, 0) << k;
    EXPECT_GE(s.parts * s.length, k);
    EXPECT_LT((s.parts - 1) * s.length, k);
  }
}

}  // namespace
}  // namespace ebb::kernels

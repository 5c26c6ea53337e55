// Operands that do not fit: every operation refuses each of them by a message that names the
// operation, before it gives the device anything to do. And operands that are unusual but fit: none
// at all, and memory in which no access of more than one element is aligned.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "tests/kernels/support/backends.h"
#include "tests/kernels/support/operand_memory.h"
#include "tests/kernels/support/product_libraries.h"

namespace ebb::kernels {
namespace {

using ebb::testing::epsilon_of;
using ebb::testing::every_operation;
using ebb::testing::for_each_product_backend;
using ebb::testing::Operands;
using ebb::testing::OperandSpec;
using ebb::testing::Operation;
using ebb::testing::test_device;

// A row is whole packs of 16 bytes in every type.
constexpr std::int64_t kRows = 6;
constexpr std::int64_t kColumns = 16;

class BadOperandsTest : public ::testing::Test {
 protected:
  /// change(spec, view) spoils one operand at a time, or returns false where it would still fit.
  /// With `named` the error must say which it was.
  template <class Change>
  void expect_refused(bool named, Change&& change) {
    for (const Operation& operation : every_operation(kRows, kColumns, DType::f32)) {
      const Operands good(operation);
      for (std::size_t i = 0; i < operation.operands.size(); ++i) {
        const OperandSpec& spec = operation.operands[i];
        SCOPED_TRACE(operation.name + " " + spec.name);
        std::vector<View> views = good.views();
        if (change(spec, views[i])) expect_error(operation, views, named ? spec.name : "");
      }
    }
    context_.synchronize();
  }

  void expect_error(const Operation& operation, const std::vector<View>& views,
                    std::string_view named) {
    try {
      operation.run(context_, views);
      ADD_FAILURE() << "was taken";
    } catch (const Error& error) {
      const std::string_view message = error.what();
      EXPECT_TRUE(message.starts_with(operation.name)) << message;
      EXPECT_NE(message.find(named), std::string_view::npos) << message;
    }
  }

  Context context_{test_device(), 1};
};

TEST_F(BadOperandsTest, NoOperationTakesAnotherRank) {
  expect_refused(false, [](const OperandSpec& spec, View& view) {
    Shape shape = spec.shape;
    shape.push_back(2);
    view = View(view.data, view.dtype, shape);
    return !spec.any_shape;
  });
}

TEST_F(BadOperandsTest, NoOperationTakesAnotherNumberOfRows) {
  expect_refused(false, [](const OperandSpec& spec, View& view) {
    if (spec.shape.rank() == 0) return false;
    Shape shape = spec.shape;
    ++shape[0];
    view = View(view.data, view.dtype, shape);
    return !spec.any_rows && !spec.any_shape;
  });
}

TEST_F(BadOperandsTest, NoOperationTakesAnotherType) {
  expect_refused(false, [](const OperandSpec& spec, View& view) {
    view.dtype = DType::i64;
    return !spec.any_type;
  });
}

// Strides of 2: the elements do not lie next to each other.
TEST_F(BadOperandsTest, NoOperationTakesGapsUnasked) {
  expect_refused(true, [](const OperandSpec& spec, View& view) {
    for (int d = 0; d < spec.shape.rank(); ++d) view.strides[d] *= 2;
    return !spec.any_strides && !view.contiguous();
  });
}

TEST_F(BadOperandsTest, NoOperationTakesElementsThatAreNotAligned) {
  expect_refused(true, [](const OperandSpec& spec, View& view) {
    view.data = static_cast<std::byte*>(view.data) + 1;
    return size_of(spec.dtype) > 1;
  });
}

TEST_F(BadOperandsTest, NoOperationDropsWithWhatIsNoProbability) {
  const float close_to_1 = 1.0F - 0x1p-20F;  // its threshold of 16 bits would keep nothing
  for (const float probability :
       {-0.5F, 1.0F, 1.5F, close_to_1, std::numeric_limits<float>::quiet_NaN()}) {
    int dropping = 0;
    for (const Operation& operation : every_operation(kRows, kColumns, DType::f32, probability)) {
      if (!operation.drops) continue;
      SCOPED_TRACE(fmt::format("{} {}", operation.name, probability));
      ++dropping;
      const Operands operands(operation);
      expect_error(operation, operands.views(), "expected one in [0, 1)");
    }
    EXPECT_GE(dropping, 7);
  }
  context_.synchronize();
}

/// No element was left out.
void expect_written(const Operation& operation, const Operands& operands) {
  for (std::size_t i = 0; i < operation.operands.size(); ++i) {
    for (const double value : operands[i].values()) {
      ASSERT_FALSE(std::isnan(value)) << operation.operands[i].name;
    }
  }
}

// Sums over no rows are zeros.
TEST(UnusualOperandsTest, EveryOperationTakesNoRows) {
  for_each_product_backend([]<class T> {
    Context context(test_device(), 1);
    for (const Operation& operation : every_operation(0, kColumns, dtype_of<T>)) {
      SCOPED_TRACE(operation.name);
      const Operands operands(operation);
      EXPECT_NO_THROW(operation.run(context, operands.views()));
      EXPECT_NO_THROW(context.synchronize());
      expect_written(operation, operands);
    }
  });
}

// Where that means nothing, the error says so.
TEST(UnusualOperandsTest, NoColumnsAreTakenOrRefused) {
  for_each_product_backend([]<class T> {
    Context context(test_device(), 1);
    for (const Operation& operation : every_operation(kRows, 0, dtype_of<T>)) {
      SCOPED_TRACE(operation.name);
      const Operands operands(operation);
      try {
        operation.run(context, operands.views());
      } catch (const Error& error) {
        EXPECT_TRUE(std::string_view(error.what()).starts_with(operation.name)) << error.what();
      }
      EXPECT_NO_THROW(context.synchronize());
    }
  });
}

/// The operands found are those expected, up to the order in which sums were taken.
template <class T>
void expect_close(const Operation& operation, const Operands& found, const Operands& expected) {
  for (std::size_t i = 0; i < operation.operands.size(); ++i) {
    SCOPED_TRACE(operation.operands[i].name);
    EXPECT_TRUE(found[i].untouched_before());
    const std::vector<double> actual = found[i].values();
    const std::vector<double> wanted = expected[i].values();
    double largest = 1.0;
    for (const double value : wanted) largest = std::max(largest, std::fabs(value));
    for (std::size_t j = 0; j < wanted.size(); ++j) {
      ASSERT_NEAR(actual[j], wanted[j], 4 * epsilon_of<T>() * largest) << j;
    }
  }
}

// Each operand alone, and all at once.
TEST(UnusualOperandsTest, EveryOperationTakesMemoryThatIsNotAlignedToAPack) {
  for_each_product_backend([]<class T> {
    Context context(test_device(), 1);
    for (const Operation& operation : every_operation(kRows, kColumns, dtype_of<T>)) {
      SCOPED_TRACE(operation.name);
      const Operands aligned(operation);
      operation.run(context, aligned.views());
      context.synchronize();
      expect_written(operation, aligned);
      const std::size_t count = operation.operands.size();
      for (std::size_t only = 0; only <= count; ++only) {
        SCOPED_TRACE(only == count ? "all" : operation.operands[only].name + " is shifted");
        const Operands shifted(operation,
                               [&](std::size_t i) { return only == count || i == only; });
        EXPECT_NO_THROW(operation.run(context, shifted.views()));
        ASSERT_NO_THROW(context.synchronize());
        expect_close<T>(operation, shifted, aligned);
      }
    }
  });
}

}  // namespace
}  // namespace ebb::kernels

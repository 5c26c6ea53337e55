// Operands of a kernel under measurement: random inputs, never zeros, and results to compare.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "kernels/common/context.h"
#include "kernels/common/view.h"

namespace ebb::bench {

/// Makes the operands of one call, in the order asked for, on a device in a storage dtype, or on
/// the host in f64 for the oracle. Both draw the same numbers, such as `grid` can hold, so that
/// their results can be compared.
class Operands {
 public:
  /// `context`: of the device that the operands are for; it must outlive them.
  Operands(Context& context, DType dtype, DType grid);
  Operands(const Operands&) = delete;
  Operands& operator=(const Operands&) = delete;
  ~Operands();

  DType dtype() const { return dtype_; }
  /// The dtype of statistics: f32 beside bf16 and f16.
  DType statistic() const;

  /// Normal numbers of standard deviation `scale` around `mean`.
  View random(const Shape& shape, double scale = 1.0, double mean = 0.0);
  /// The same in another dtype than the operands'.
  View random_as(DType dtype, const Shape& shape, double scale = 1.0, double mean = 0.0);
  /// Whole numbers, uniform in [0, below), as i32.
  View indices(const Shape& shape, std::int64_t below);
  /// Each row of the last dimension goes up evenly from -2 to 2.
  View ascending(const Shape& shape);
  /// Random numbers that the call changes: a result too, which counts in error_against().
  View updated(const Shape& shape, double scale = 1.0, double mean = 0.0);
  /// Space for a result, which counts in error_against().
  View result(const Shape& shape);
  View result_as(DType dtype, const Shape& shape);
  /// Space for a result of which the oracle computes the rows 0, every, 2 * every, ... alone, and
  /// error_against() compares those: for shapes whose oracle would take minutes.
  View sampled_result(const Shape& shape, std::int64_t every);

  /// Bytes of all operands, each once, of those that the call changes twice: the least that it has
  /// to move.
  double bytes() const;
  /// Elements of the largest operand.
  double largest() const;

  /// The largest difference of any result from the oracle's, as a share of the largest magnitude of
  /// that result. NaN where any difference is NaN: what a kernel left out, too.
  double error_against(const Operands& oracle) const;

 private:
  struct Operand {
    View view;
    bool result;
    bool updated = false;    // read and written
    std::int64_t every = 1;  // of which rows of a result are compared
  };

  View add(DType dtype, const Shape& shape, const std::vector<double>& values, bool result);
  std::vector<double> values_of(const Operand& operand) const;

  Context& context_;
  DType dtype_;
  DType grid_;
  std::uint64_t seed_ = 0;
  std::deque<Operand> operands_;
};

}  // namespace ebb::bench

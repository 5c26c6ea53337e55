// How often codes of two columns meet, and whether more often than chance lets them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ebb::preprocessing {

using Codes = std::span<const std::int32_t>;

/// What a row counts for whose code is kMissingCode.
enum class MissingCells {
  leave_out,  ///< nothing
  own_level,  ///< one level more, the last
};

struct ContingencyTable {
  std::size_t rows = 0;     ///< levels of x
  std::size_t columns = 0;  ///< levels of y
  std::vector<std::size_t> counts;

  [[nodiscard]] std::size_t count(std::size_t row, std::size_t column) const {
    return counts[row * columns + column];
  }
};

/// Sums of rows, of columns and of all.
struct Margins {
  std::vector<std::size_t> rows;
  std::vector<std::size_t> columns;
  std::size_t total = 0;
};

/// Counts the pairs of codes. `missing` says what a missing x counts for; a missing y counts for
/// nothing. Linear cost; 64 tables at most while it runs, together no larger than the columns.
/// Throws Error on columns of two lengths.
ContingencyTable count_pairs(Codes x, std::size_t x_levels, Codes y, std::size_t y_levels,
                             MissingCells missing = MissingCells::leave_out);

Margins margins_of(const ContingencyTable& table);

struct ChiSquareTest {
  double statistic = 0.0;
  double degrees_of_freedom = 0.0;
  double p_value = 1.0;
};

/// Pearson's test of independence, without Yates's correction. Levels that do not occur do not
/// count; without two levels on each side the statistic is 0 and p 1.
ChiSquareTest chi_square_test(const ContingencyTable& table);

/// How a sample's size counts in Cramér's V.
enum class VCorrection {
  none,
  bias,  ///< Bergsma 2013: what chance alone gives many levels is taken off
};

/// Cramér's V, sqrt(chi^2 / n / (min(rows, columns) - 1)), in [0, 1], over the levels that occur.
/// NaN without two levels on each side.
double cramers_v(const ContingencyTable& table, VCorrection correction = VCorrection::bias);

/// Labels 0 and 1 as codes.
std::vector<std::int32_t> label_codes(std::span<const float> labels);

}  // namespace ebb::preprocessing

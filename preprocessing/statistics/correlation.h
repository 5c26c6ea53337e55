// Pearson's and Spearman's correlation of columns of numbers.
//
// Missing values are left out pair by pair (pandas' DataFrame.corr): each coefficient is that of
// the rows in which both columns have a value. NaN where there are fewer than two such rows or one
// of the two is constant in them. Values must be finite.
//
// Blocks of rows as in moments.h: each pair's means come first, then centred squares and products
// while the block lies in cache; blocks are merged in order (Chan, Golub and LeVeque 1983). The
// bits are the same for any number of threads. Values too large or too small to square are scaled
// by a power of two.
//
// With a target, cost is linear: about one reading of all columns, 5 million rows of 20 columns in
// 0.1 to 0.2 s on two cores. The matrix of p columns costs p^2 / 2 products of every row.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ebb::preprocessing {

using Numbers = std::span<const double>;

/// A symmetric matrix, both halves stored.
struct SymmetricMatrix {
  std::size_t size = 0;
  std::vector<double> values;  ///< row by row

  [[nodiscard]] double operator()(std::size_t row, std::size_t column) const {
    return values[row * size + column];
  }
};

/// Pearson's r of each column with `target`. All must have one length: else Error.
std::vector<double> correlations_with(std::span<const Numbers> columns, Numbers target);

/// Pearson's r of all pairs; 1 on the diagonal, NaN there too for a constant column.
SymmetricMatrix correlation_matrix(std::span<const Numbers> columns);

/// Covariances with divisor n - 1, of columns without missing values: Error otherwise.
SymmetricMatrix covariance_matrix(std::span<const Numbers> columns);

/// Spearman's rho: Pearson's r of the mid-ranks among the rows in which both have values (scipy's
/// spearmanr with nan_policy="omit"). Sorts by digits: linear cost, 40 bytes a row while it runs.
double spearman(Numbers x, Numbers y);

}  // namespace ebb::preprocessing

// Eigenvalues and eigenvectors of a small symmetric matrix.
#pragma once

#include <vector>

#include "preprocessing/statistics/correlation.h"

namespace ebb::preprocessing {

struct EigenDecomposition {
  std::vector<double> values;   ///< falling
  std::vector<double> vectors;  ///< row i: the unit vector of values[i]
};

/// By Jacobi's cyclic method (Golub and Van Loan, "Matrix Computations", section 8.5): rotations
/// that each zero one off-diagonal element, until the rest is below the rounding of the whole.
/// Small eigenvalues are as exact as large ones where the matrix allows it, and vectors are
/// orthogonal to rounding. About 10 sweeps of 3 n^3 operations: 0.1 s at n = 200. Equal bits on
/// every run. Throws Error on values that are not finite.
EigenDecomposition symmetric_eigen(const SymmetricMatrix& matrix);

}  // namespace ebb::preprocessing

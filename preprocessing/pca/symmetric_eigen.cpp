#include "preprocessing/pca/symmetric_eigen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/common/error.h"

namespace ebb::preprocessing {
namespace {

/// Turns the plane of two axes.
struct Rotation {
  double cosine;
  double sine;

  /// (x, y) -> (c x - s y, s x + c y) for both rows.
  void apply(double* x, double* y, std::size_t size, std::size_t stride) const {
    for (std::size_t i = 0; i < size * stride; i += stride) {
      const double before = x[i];
      x[i] = cosine * before - sine * y[i];
      y[i] = sine * before + cosine * y[i];
    }
  }
};

/// The rotation, of at most 45 degrees, that zeroes the element `off` between two diagonal ones.
Rotation zeroing(double first, double second, double off) {
  const double ratio = (second - first) / (2.0 * off);
  // 1 / ratio^2 underflows before this overflows: hypot.
  const double tangent = std::copysign(1.0, ratio) / (std::abs(ratio) + std::hypot(1.0, ratio));
  const double cosine = 1.0 / std::sqrt(1.0 + tangent * tangent);
  return {cosine, cosine * tangent};
}

class Jacobi {
 public:
  explicit Jacobi(const SymmetricMatrix& matrix)
      : size_(matrix.size), a_(matrix.values), vectors_(size_ * size_) {
    for (std::size_t i = 0; i < size_; ++i) vectors_[i * size_ + i] = 1.0;
  }

  void run() {
    constexpr int kMostSweeps = 100;
    const auto is_finite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(a_.begin(), a_.end(), is_finite)) {
      fail("symmetric_eigen: the matrix is not finite");
    }
    const double enough = 1e-3 * std::numeric_limits<double>::epsilon() * norm(false);
    for (int sweep = 0; sweep < kMostSweeps && norm(true) > enough; ++sweep) {
      for (std::size_t p = 0; p < size_; ++p) {
        for (std::size_t q = p + 1; q < size_; ++q) rotate(p, q);
      }
    }
  }

  EigenDecomposition sorted() const {
    std::vector<std::size_t> order(size_);
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto value = [this](std::size_t i) { return a_[i * size_ + i]; };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t x, std::size_t y) { return value(x) > value(y); });
    EigenDecomposition result;
    for (const std::size_t i : order) {
      result.values.push_back(value(i));
      const auto row = vectors_.begin() + static_cast<std::ptrdiff_t>(i * size_);
      result.vectors.insert(result.vectors.end(), row, row + static_cast<std::ptrdiff_t>(size_));
    }
    return result;
  }

 private:
  /// Frobenius's norm of the matrix, or of what lies off the diagonal.
  [[nodiscard]] double norm(bool off_diagonal) const {
    double largest = 0.0;
    for (const double value : a_) largest = std::max(largest, std::abs(value));
    if (largest == 0.0) return 0.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < a_.size(); ++i) {
      if (off_diagonal && i % (size_ + 1) == 0) continue;
      sum += (a_[i] / largest) * (a_[i] / largest);
    }
    return largest * std::sqrt(sum);
  }

  void rotate(std::size_t p, std::size_t q) {
    double* const row_p = &a_[p * size_];
    double* const row_q = &a_[q * size_];
    if (row_p[q] == 0.0) return;
    const Rotation rotation = zeroing(row_p[p], row_q[q], row_p[q]);
    rotation.apply(row_p, row_q, size_, 1);
    rotation.apply(&a_[p], &a_[q], size_, size_);
    row_p[q] = row_q[p] = 0.0;
    rotation.apply(&vectors_[p * size_], &vectors_[q * size_], size_, 1);
  }

  std::size_t size_;
  std::vector<double> a_;
  std::vector<double> vectors_;  // row i belongs to a_[i, i]
};

}  // namespace

EigenDecomposition symmetric_eigen(const SymmetricMatrix& matrix) {
  Jacobi jacobi(matrix);
  jacobi.run();
  return jacobi.sorted();
}

}  // namespace ebb::preprocessing

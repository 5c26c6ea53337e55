// Weight matrices in bf16: rounded and laid out once per step, for all shards of a batch.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "engine/autograd/parameters.h"
#include "kernels/bf16_product/bf16_product.h"

namespace ebb {

using kernels::PackedMatrix;

/// A weight [out, in] for products in bf16. Both null: multiply in f32.
struct PackedWeight {
  const PackedMatrix* forward = nullptr;   // its transpose, [in, out]
  const PackedMatrix* backward = nullptr;  // [out, in]; null where no gradient of the input is due
};

/// The bf16 copies of a model's weights. Parameters must outlive them.
class PackedWeights {
 public:
  /// Throws UnsupportedError where the device cannot multiply in bf16, with the reason.
  explicit PackedWeights(Device device);

  /// The copies of `weight`, an f32 matrix [out, in]; made when first asked for. For any thread,
  /// between two calls of refresh().
  PackedWeight of(const Parameter& weight, bool with_backward);

  /// Takes the present values of all weights that were asked for. On CUDA on the team's stream.
  void refresh(Context& team);

 private:
  enum Side { kForward, kBackward };
  struct Copy {
    const Parameter* weight;
    Side side;
    PackedMatrix matrix;

    ConstView source() const;
  };
  struct Piece {
    Copy* copy;
    std::int64_t block;
  };

  const PackedMatrix& copy_of(const Parameter& weight, Side side);

  Device device_;
  std::mutex mutex_;
  std::unordered_map<const Parameter*, std::unique_ptr<Copy>> copies_[2];  // by side
  std::vector<Piece> pieces_;                                              // of all copies
};

}  // namespace ebb

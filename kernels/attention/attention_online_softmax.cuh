// The running softmax of a row whose scores arrive tile by tile.
// Source: Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018.
#pragma once

#include "kernels/common/cuda/collectives.cuh"

namespace ebb::kernels::cuda {

/// One row, of which kLanes neighbouring lanes hold some scores each. NaN stays NaN; scores of -inf
/// weigh nothing.
template <int kLanes>
class OnlineSoftmax {
 public:
  /// Turns the lane's scores of the next tile into weights relative to the new maximum; returns
  /// what earlier sums must be multiplied by. For all lanes of a warp together.
  template <int kScores>
  __device__ float update(float (&scores)[kScores]) {
    constexpr ebb::cuda::Maximum larger;
    float largest = scores[0];
#pragma unroll
    for (int i = 1; i < kScores; ++i) largest = larger(largest, scores[i]);
    largest = larger(largest_, ebb::cuda::warp_reduce<ebb::cuda::Maximum, kLanes>(largest));
    // As long as nothing is seen, -inf less -inf would be NaN.
    const float shift = largest == -INFINITY ? 0.0F : largest;
    const float correction = __expf(largest_ - shift);
    largest_ = largest;
    total_ *= correction;
#pragma unroll
    for (int i = 0; i < kScores; ++i) {
      scores[i] = __expf(scores[i] - shift);
      total_ += scores[i];
    }
    return correction;
  }

  /// Adds up what the lanes hold; call once, after the last tile.
  __device__ void finish() { total_ = ebb::cuda::warp_reduce<ebb::cuda::Sum, kLanes>(total_); }

  /// That of lane `lane`. For all lanes of a warp together.
  __device__ OnlineSoftmax of_lane(int lane) const {
    OnlineSoftmax other;
    other.largest_ = __shfl_sync(ebb::cuda::kAllLanes, largest_, lane);
    other.total_ = __shfl_sync(ebb::cuda::kAllLanes, total_, lane);
    return other;
  }

  /// Whether no score above -inf was seen.
  __device__ bool empty() const { return largest_ == -INFINITY; }
  __device__ float total() const { return total_; }
  __device__ float log_sum_exp() const { return empty() ? -INFINITY : largest_ + logf(total_); }

 private:
  float largest_ = -INFINITY;
  float total_ = 0.0F;
};

}  // namespace ebb::kernels::cuda

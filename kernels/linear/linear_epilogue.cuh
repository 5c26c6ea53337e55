// The epilogue of linear layers in our kernels of matrix products: bias, activation, dropout.
#pragma once

#include "kernels/activation/activation_functions.cuh"
#include "kernels/common/cuda/dropout.cuh"
#include "kernels/linear/linear.h"
#include "kernels/matrix_product/ladder/epilogue.cuh"

namespace ebb::kernels::cuda {

/// output and derivative of one layer, dense [rows, out], from the sums of input · weightᵀ.
template <class T>
struct LinearEpilogue {
  explicit LinearEpilogue(const LinearForward& p)
      : bias(p.bias.as<T>()),
        derivative(p.derivative.as<T>()),
        output(p.output.as<T>()),
        out(p.output.shape[1]),
        kind(p.activation),
        dropout(p.dropout),
        aligned(out % gemm::kQuad == 0 &&
                ebb::cuda::aligned_to(gemm::kQuad * sizeof(T), bias, derivative, output)) {}

  __device__ void choose(std::int64_t) {}

  __device__ void operator()(std::int64_t row, std::int64_t column, int count,
                             float (&sums)[gemm::kQuad]) const {
    const bool whole = aligned && count >= gemm::kQuad;
    if (bias != nullptr) {
      float biases[gemm::kQuad];
      gemm::load_quad(bias + column, count, whole, biases);
#pragma unroll
      for (int i = 0; i < gemm::kQuad; ++i) sums[i] += biases[i];
    }
    float derivatives[gemm::kQuad];
    activate_all(sums, derivatives);
    const std::int64_t at = row * out + column;
    if (dropout.active()) {
      float factors[gemm::kQuad];
      ebb::cuda::dropout_factors(dropout, static_cast<std::uint64_t>(at), factors);
#pragma unroll
      for (int i = 0; i < gemm::kQuad; ++i) {
        sums[i] *= factors[i];
        derivatives[i] *= factors[i];
      }
    }
    if (derivative != nullptr) gemm::store_quad(derivative + at, count, whole, derivatives);
    gemm::store_quad(output + at, count, whole, sums);
  }

  __device__ void activate_all(float (&values)[gemm::kQuad],
                               float (&derivatives)[gemm::kQuad]) const {
    switch (kind) {
      case Activation::relu:
        return activate_as<Activation::relu>(values, derivatives);
      case Activation::gelu:
        return activate_as<Activation::gelu>(values, derivatives);
      case Activation::silu:
        return activate_as<Activation::silu>(values, derivatives);
      default:
        return activate_as<Activation::identity>(values, derivatives);
    }
  }

  template <Activation kKind>
  __device__ static void activate_as(float (&values)[gemm::kQuad],
                                     float (&derivatives)[gemm::kQuad]) {
#pragma unroll
    for (int i = 0; i < gemm::kQuad; ++i) {
      const Activated activated = activate<kKind>(values[i]);
      values[i] = activated.value;
      derivatives[i] = activated.derivative;
    }
  }

  const T* bias;  // null: none
  T* derivative;  // null: not asked for
  T* output;
  std::int64_t out;
  Activation kind;
  DropoutSpec dropout;
  bool aligned;
};

}  // namespace ebb::kernels::cuda

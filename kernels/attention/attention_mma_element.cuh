// What an element is to the attention kernels on tensor cores: bf16 and f16, 8 to a chunk of 16
// bytes, multiplied 16 at a time (mma m16n8k16), and f32, 4 to a chunk, rounded to TF32 when it
// comes to shared memory and multiplied 8 at a time (m16n8k8).
//
// Tiles in shared memory have rows of kHeadDim elements without gaps. The chunks of a row change
// places by its index, so that lanes that read one chunk of eight neighbouring rows, as ldmatrix
// does, copies of whole rows, and column reads of f32 meet in no bank.
//
// A lane has four of each 16 columns of a product, which columns() and write() know; element j is
// sums[j / 2][2 r + j % 2] of the two 16 x 8 tiles that add_columns() adds to.
#pragma once

#include <type_traits>

#include "kernels/attention/attention_operands.cuh"
#include "kernels/common/cuda/ptx.cuh"

namespace ebb::kernels::cuda {

/// Where 16-byte chunk `chunk` of a row lies in a tile of T, in elements.
template <int kHeadDim, class T>
__device__ inline int mma_offset(int row, int chunk) {
  const int turn = kHeadDim * sizeof(T) == 64 ? row >> 1 & 3 : row & 7;
  return row * kHeadDim + (chunk ^ turn) * kPackOf<T>;
}

/// Of bf16 and f16.
template <class T>
struct MmaElement {
  /// Products take two chunks at once.
  static constexpr int kComponents = 16;

  /// 16 x 16 weights, rounded, as mma takes its left operand.
  struct Weights {
    unsigned words[4];
  };

  /// A chunk of a row in global memory; zeros past head_dim.
  __device__ static uint4 load(const T* row, int column, int head_dim, bool packs) {
    uint4 chunk = make_uint4(0, 0, 0, 0);
    if (packs) {
      if (column < head_dim) chunk = *reinterpret_cast<const uint4*>(row + column);
      return chunk;
    }
    const auto pair = [&](int at) {
      const unsigned low = at < head_dim ? row[at].bits : 0u;
      const unsigned high = at + 1 < head_dim ? row[at + 1].bits : 0u;
      return high << 16 | low;
    };
    return make_uint4(pair(column), pair(column + 2), pair(column + 4), pair(column + 6));
  }

  /// A loaded chunk as products take it.
  __device__ static uint4 rounded(const uint4& chunk) { return chunk; }

  /// sum + the product of two loaded chunks.
  __device__ static float dot(const uint4& a, const uint4& b, float sum) {
    const unsigned x[4] = {a.x, a.y, a.z, a.w};
    const unsigned y[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float2 p = unpack_pair(x[i]);
      const float2 q = unpack_pair(y[i]);
      sum = fmaf(p.y, q.y, fmaf(p.x, q.x, sum));
    }
    return sum;
  }

  __device__ static bool holds_infinity_or_nan(unsigned word) {
    constexpr unsigned kExponent = std::is_same_v<T, BFloat16> ? 0x7f80u : 0x7c00u;
    return (word & kExponent) == kExponent || (word >> 16 & kExponent) == kExponent;
  }

  /// d += a * b over two chunks, operands as ldmatrix gives them.
  __device__ static void multiply(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    ptx::mma_m16n8k16<T>(d, a, b0, b1);
  }

  /// The weights from two 16 x 8 tiles of sums.
  __device__ static Weights weights(const float (&values)[2][4]) {
    return {{pack_pair(values[0][0], values[0][1]), pack_pair(values[0][2], values[0][3]),
             pack_pair(values[1][0], values[1][1]), pack_pair(values[1][2], values[1][3])}};
  }

  /// That of column k of the lane's row g + 8 r. For all lanes together.
  __device__ static float weight(const Weights& weights, int r, int k) {
    const int owner = static_cast<int>(threadIdx.x) % kWarpSize / 4 * 4 + k % 8 / 2;
    const unsigned pair =
        __shfl_sync(kAllLanes, k < 8 ? weights.words[r] : weights.words[2 + r], owner);
    const float2 both = unpack_pair(pair);
    return k % 2 == 0 ? both.x : both.y;
  }

  /// sums += weights times columns 16 s .. 16 s + 15 of rows [row, row + 16) of `right`.
  template <int kHeadDim>
  __device__ static void add_columns(const Weights& weights, const T* right, int row, int s,
                                     float (&first)[4], float (&second)[4]) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    unsigned b[4];
    ptx::ldmatrix_x4_trans(b, right + mma_offset<kHeadDim, T>(row + lane % 16, 2 * s + lane / 16));
    ptx::mma_m16n8k16<T>(first, weights.words, b[0], b[1]);
    ptx::mma_m16n8k16<T>(second, weights.words, b[2], b[3]);
  }

  /// The lane's columns among the 16 from 16 s on of a row of a tile.
  template <int kHeadDim>
  __device__ static float4 columns(const T* tile, int row, int s) {
    const int column = static_cast<int>(threadIdx.x) % 4 * 2;
    const auto pair = [&](int chunk) {
      return unpack_pair(
          *reinterpret_cast<const unsigned*>(tile + mma_offset<kHeadDim, T>(row, chunk) + column));
    };
    const float2 low = pair(2 * s);
    const float2 high = pair(2 * s + 1);
    return make_float4(low.x, low.y, high.x, high.y);
  }

  /// Writes the lane's columns, rounded, of 16 columns of a row in global memory that begin at
  /// `to`, `count` of which are there; nothing where not `exists`. For all lanes together: those of
  /// a row trade, so that each writes 8 bytes and four of them a sector.
  __device__ static void write(T* to, bool packs, bool exists, int count, const float4& values) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    const int c = lane % 4;
    const unsigned first = pack_pair(values.x, values.y);
    const unsigned second = pack_pair(values.z, values.w);
    if (packs) {
      const int owner = lane / 4 * 4 + 2 * c % 4;
      const auto traded = [&](int from) {
        const unsigned of_first = __shfl_sync(kAllLanes, first, from);
        const unsigned of_second = __shfl_sync(kAllLanes, second, from);
        return c < 2 ? of_first : of_second;
      };
      const uint2 words = make_uint2(traded(owner), traded(owner + 1));
      if (exists && 4 * c < count) *reinterpret_cast<uint2*>(to + 4 * c) = words;
    } else if (exists) {
      const auto put = [&](int column, unsigned bits) {
        if (column < count) to[column].bits = static_cast<std::uint16_t>(bits);
      };
      put(2 * c, first & 0xffffu);
      put(2 * c + 1, first >> 16);
      put(8 + 2 * c, second & 0xffffu);
      put(8 + 2 * c + 1, second >> 16);
    }
  }

 private:
  /// The two elements in a word, as f32.
  __device__ static float2 unpack_pair(unsigned word) {
    return make_float2(to_f32(T{static_cast<std::uint16_t>(word & 0xffffu)}),
                       to_f32(T{static_cast<std::uint16_t>(word >> 16)}));
  }

  /// Two numbers rounded to T in a word.
  __device__ static unsigned pack_pair(float low, float high) {
    return static_cast<unsigned>(from_f32<T>(high).bits) << 16 | from_f32<T>(low).bits;
  }
};

/// Of f32, multiplied in TF32. mma wants columns c and c + 4 of its left operand where sums have
/// columns 2 c and 2 c + 1: its k-th column is taken to be column 2 k of eight, from 4 on 2 k - 7,
/// and rows of the right operand are taken alike. Of 16 columns of the right operand, the first
/// tile of sums has the even ones: a lane reads neighbours and has four neighbours to write.
template <>
struct MmaElement<float> {
  static constexpr int kComponents = 8;

  struct Weights {
    unsigned words[2][4];  // by half of the columns
  };

  __device__ static uint4 load(const float* row, int column, int head_dim, bool packs) {
    const float4 x = load_chunk(row, column, head_dim, packs);
    return make_uint4(__float_as_uint(x.x), __float_as_uint(x.y), __float_as_uint(x.z),
                      __float_as_uint(x.w));
  }

  __device__ static uint4 rounded(const uint4& chunk) {
    const float4 x = floats(chunk);
    return make_uint4(ptx::cvt_rna_tf32(x.x), ptx::cvt_rna_tf32(x.y), ptx::cvt_rna_tf32(x.z),
                      ptx::cvt_rna_tf32(x.w));
  }

  __device__ static float dot(const uint4& a, const uint4& b, float sum) {
    return cuda::dot(floats(a), floats(b), sum);
  }

  __device__ static bool holds_infinity_or_nan(unsigned word) {
    constexpr unsigned kExponent = 0x7f800000u;
    return (word & kExponent) == kExponent;
  }

  __device__ static void multiply(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    ptx::mma_m16n8k8_tf32(d, a, b0, b1);
  }

  __device__ static Weights weights(const float (&values)[2][4]) {
    Weights weights;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        weights.words[i][e] = ptx::cvt_rna_tf32(values[i][e % 2 * 2 + e / 2]);
      }
    }
    return weights;
  }

  __device__ static float weight(const Weights& weights, int r, int k) {
    const int owner = static_cast<int>(threadIdx.x) % kWarpSize / 4 * 4 + k % 8 / 2;
    const unsigned even = k < 8 ? weights.words[0][r] : weights.words[1][r];
    const unsigned odd = k < 8 ? weights.words[0][2 + r] : weights.words[1][2 + r];
    return __uint_as_float(__shfl_sync(kAllLanes, k % 2 == 0 ? even : odd, owner));
  }

  template <int kHeadDim>
  __device__ static void add_columns(const Weights& weights, const float* right, int row, int s,
                                     float (&first)[4], float (&second)[4]) {
    const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      uint2 b[2];
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const int offset =
            mma_offset<kHeadDim, float>(row + 8 * i + lane % 4 * 2 + e, 4 * s + lane / 8);
        b[e] = *reinterpret_cast<const uint2*>(right + offset + lane / 4 % 2 * 2);
      }
      ptx::mma_m16n8k8_tf32(first, weights.words[i], b[0].x, b[1].x);
      ptx::mma_m16n8k8_tf32(second, weights.words[i], b[0].y, b[1].y);
    }
  }

  template <int kHeadDim>
  __device__ static float4 columns(const float* tile, int row, int s) {
    const int chunk = 4 * s + static_cast<int>(threadIdx.x) % 4;
    return by_tile(
        *reinterpret_cast<const float4*>(tile + mma_offset<kHeadDim, float>(row, chunk)));
  }

  __device__ static void write(float* to, bool packs, bool exists, int count,
                               const float4& values) {
    const int column = static_cast<int>(threadIdx.x) % 4 * 4;
    const float4 x = by_tile(values);
    if (!exists) return;
    if (packs) {
      if (column < count) *reinterpret_cast<float4*>(to + column) = x;
    } else {
      if (column < count) to[column] = x.x;
      if (column + 1 < count) to[column + 1] = x.y;
      if (column + 2 < count) to[column + 2] = x.z;
      if (column + 3 < count) to[column + 3] = x.w;
    }
  }

 private:
  __device__ static float4 floats(const uint4& x) {
    return make_float4(__uint_as_float(x.x), __uint_as_float(x.y), __uint_as_float(x.z),
                       __uint_as_float(x.w));
  }

  /// From neighbours to the order of the tiles of sums, and back.
  __device__ static float4 by_tile(const float4& x) { return make_float4(x.x, x.z, x.y, x.w); }
};

}  // namespace ebb::kernels::cuda

// The arithmetic of mma and wmma on fragments as they lie in registers: no gathering into dense
// tiles is needed.
//
// A register of 32 lanes is two vectors (h = 0, 1) of 16. With g = lane/4, t = lane%4 the layouts
// of PTX are
//   A, register RH*j + rh:  row g + 8*rh, elements P*(4*j + t) ... of K, P of them in 32 bits
//   B, register j:          column g,     elements P*(4*j + t) ... of K
//   C, register 2*rh + q:   row g + 8*rh, column 2*t + q
// for every type (P = 1 tf32, 2 f16/bf16, 4 fp8/s8, 8 s4, 32 b1). A row of A lies in one 128-bit
// lane, so broadcasting element d of each lane aligns it with C; B needs one two-source permutation
// per element and column parity.
//
// fp32 sums are sequential fused multiply-adds, k ascending, starting from C: products exact, one
// rounding to nearest per step (tensor cores add a group of products at once and truncate; both
// stay within the usual error bound).
#pragma once
#include <utility>

#include "tests/vgpu/src/isa/isa.h"
namespace vgpu {
namespace mma {
struct F32Acc {  // accumulator vector of 16 lanes
  using V = __m512;
  static VGPU_INLINE V zero() { return _mm512_setzero_ps(); }
  static VGPU_INLINE V fma(V c, V a, V b) { return _mm512_fmadd_ps(a, b, c); }
  template <int D>
  static VGPU_INLINE V bcast(V a) {
    return _mm512_permute_ps(a, D * 0x55);
  }
  static VGPU_INLINE V pick(V x, __m512i idx, V y) { return _mm512_permutex2var_ps(x, idx, y); }
};
struct IntBase {
  using V = __m512i;
  static VGPU_INLINE V zero() { return _mm512_setzero_si512(); }
  template <int D>
  static VGPU_INLINE V bcast(V a) {
    return _mm512_shuffle_epi32(a, (_MM_PERM_ENUM)(D * 0x55));
  }
  static VGPU_INLINE V pick(V x, __m512i idx, V y) { return _mm512_permutex2var_epi32(x, idx, y); }
};
struct DotAcc : IntBase {
  static VGPU_INLINE V fma(V c, V a, V b) { return _mm512_dpwssd_epi32(c, a, b); }
};  // pairs of 16-bit products
struct AndPop : IntBase {
  static VGPU_INLINE V fma(V c, V a, V b) {
    return _mm512_add_epi32(c, _mm512_popcnt_epi32(_mm512_and_si512(a, b)));
  }
};
struct XorPop : IntBase {
  static VGPU_INLINE V fma(V c, V a, V b) {
    return _mm512_add_epi32(c, _mm512_popcnt_epi32(_mm512_xor_si512(a, b)));
  }
};

// Element types: part p of the packed register as a vector the accumulator multiplies. Parts in
// order of k.
VGPU_INLINE __m512 cvt_half(__m512i x) {
  return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(x));
}  // low 16 bits of each lane
struct BF16 {
  static constexpr int pack = 2, parts = 2;
  static VGPU_INLINE __m512 get(__m512i x, int p) {
    return _mm512_castsi512_ps(p ? _mm512_and_si512(x, _mm512_set1_epi32((s32)0xffff0000))
                                 : _mm512_slli_epi32(x, 16));
  }
};
struct F16 {
  static constexpr int pack = 2, parts = 2;
  static VGPU_INLINE __m512 get(__m512i x, int p) {
    return cvt_half(p ? _mm512_srli_epi32(x, 16) : x);
  }
};
struct TF32 {
  static constexpr int pack = 1, parts = 1;
  static VGPU_INLINE __m512 get(__m512i x, int) {
    return _mm512_castsi512_ps(_mm512_and_si512(x, _mm512_set1_epi32((s32)0xffffe000)));
  }
};  // the low 13 bits are ignored
struct E5M2 {
  static constexpr int pack = 4, parts = 4;
  static VGPU_INLINE __m512 get(__m512i x, int p) {
    return cvt_half(
        p == 0 ? _mm512_slli_epi32(x, 8)
               : _mm512_and_si512(_mm512_srli_epi32(x, 8 * p - 8), _mm512_set1_epi32(0xff00)));
  }
};
struct E4M3 {
  static constexpr int pack = 4, parts = 4;
  static VGPU_INLINE __m512
  get(__m512i x,
      int p) {  // as a half with the exponent off by 8; all ones is NaN, there is no infinity
    const __m512i v = _mm512_srli_epi32(x, 8 * p), m = _mm512_and_si512(v, _mm512_set1_epi32(0x7f));
    const __m512i h =
        _mm512_or_si512(_mm512_slli_epi32(_mm512_and_si512(v, _mm512_set1_epi32(0x80)), 8),
                        _mm512_slli_epi32(m, 7));
    const __m512 f = _mm512_mul_ps(cvt_half(h), _mm512_set1_ps(256.0f));
    return _mm512_mask_mov_ps(f, _mm512_cmpeq_epi32_mask(m, _mm512_set1_epi32(0x7f)),
                              _mm512_castsi512_ps(_mm512_set1_epi32(0x7fffffff)));
  }
};
struct S8 {
  static constexpr int pack = 4, parts = 2;
  static VGPU_INLINE __m512i get(__m512i x, int p) {
    return p ? _mm512_srai_epi16(x, 8) : _mm512_srai_epi16(_mm512_slli_epi16(x, 8), 8);
  }
};
struct U8 {
  static constexpr int pack = 4, parts = 2;
  static VGPU_INLINE __m512i get(__m512i x, int p) {
    return p ? _mm512_srli_epi16(x, 8) : _mm512_and_si512(x, _mm512_set1_epi16(0xff));
  }
};
struct S4 {
  static constexpr int pack = 8, parts = 4;
  static VGPU_INLINE __m512i get(__m512i x, int p) {
    return _mm512_srai_epi16(_mm512_slli_epi16(x, 12 - 4 * p), 12);
  }
};
struct U4 {
  static constexpr int pack = 8, parts = 4;
  static VGPU_INLINE __m512i get(__m512i x, int p) {
    return _mm512_and_si512(_mm512_srli_epi16(x, 4 * p), _mm512_set1_epi16(15));
  }
};
struct B1 {
  static constexpr int pack = 32, parts = 1;
  static VGPU_INLINE __m512i get(__m512i x, int) { return x; }
};

// Where B[element d of the 128-bit lanes][column 2t+q] lies among the 32 lanes: lane 8t + 4q + d.
struct alignas(64) PickTable {
  s32 v[4][2][16];
  constexpr PickTable() : v() {
    for (int d = 0; d < 4; d++)
      for (int q = 0; q < 2; q++)
        for (int i = 0; i < 16; i++) v[d][q][i] = 8 * (i & 3) + 4 * q + d;
  }
};
inline constexpr PickTable kPick;

// acc[rh][q][h] += A * B over J registers of B.
template <class TA, class TB, class X, int RH, int J>
VGPU_INLINE void multiply(typename X::V (&acc)[RH][2][2], const u32* const* a,
                          const u32* const* b) {
  constexpr int P = TA::parts;
  static_assert(P == TB::parts);
  for (int j = 0; j < J; j++) {
    typename X::V A[RH][2][P], B[2][P];
    for (int h = 0; h < 2; h++) {
      const __m512i vb = _mm512_load_si512(b[j] + 16 * h);
#pragma GCC unroll 4
      for (int p = 0; p < P; p++) B[h][p] = TB::get(vb, p);
      for (int rh = 0; rh < RH; rh++) {
        const __m512i va = _mm512_load_si512(a[RH * j + rh] + 16 * h);
#pragma GCC unroll 4
        for (int p = 0; p < P; p++) A[rh][h][p] = TA::get(va, p);
      }
    }
    auto step = [&]<int D>(std::integral_constant<int, D>) __attribute__((always_inline)) {
      const __m512i i0 = _mm512_load_si512(kPick.v[D][0]), i1 = _mm512_load_si512(kPick.v[D][1]);
#pragma GCC unroll 4
      for (int p = 0; p < P; p++) {
        const typename X::V b0 = X::pick(B[0][p], i0, B[1][p]), b1 = X::pick(B[0][p], i1, B[1][p]);
#pragma GCC unroll 2
        for (int rh = 0; rh < RH; rh++)
#pragma GCC unroll 2
          for (int h = 0; h < 2; h++) {
            const typename X::V x = X::template bcast<D>(A[rh][h][p]);
            acc[rh][0][h] = X::fma(acc[rh][0][h], x, b0);
            acc[rh][1][h] = X::fma(acc[rh][1][h], x, b1);
          }
      }
    };
    step(std::integral_constant<int, 0>{});
    step(std::integral_constant<int, 1>{});
    step(std::integral_constant<int, 2>{});
    step(std::integral_constant<int, 3>{});
  }
}

VGPU_INLINE void put(u32* d, int h, u32 mask, __m512i v) {
  if (VGPU_LIKELY(mask == ~0u))
    _mm512_store_si512(d + 16 * h, v);
  else
    _mm512_mask_store_epi32(d + 16 * h, (__mmask16)(mask >> (16 * h)), v);
}
// C and D fragments.
struct CF32 {
  static constexpr int regs = 2;  // per 8 rows
  static VGPU_INLINE void finish(__m512 (&)[2][2], const u32* const*) {}
  static VGPU_INLINE void load(__m512 (&c)[2][2], const u32* const* r) {
    for (int q = 0; q < 2; q++)
      for (int h = 0; h < 2; h++) c[q][h] = _mm512_load_ps(r[q] + 16 * h);
  }
  static VGPU_INLINE void store(const __m512 (&c)[2][2], u32* const* r, u32 mask) {
    for (int q = 0; q < 2; q++)
      for (int h = 0; h < 2; h++) {
        const __m512i v = _mm512_mask_mov_epi32(_mm512_castps_si512(c[q][h]),
                                                _mm512_cmp_ps_mask(c[q][h], c[q][h], _CMP_UNORD_Q),
                                                _mm512_set1_epi32(0x7fffffff));
        put(r[q], h, mask, v);
      }
  }
};
struct CF16 {  // rounded to nearest at the end
  static constexpr int regs = 1;
  static VGPU_INLINE void finish(__m512 (&)[2][2], const u32* const*) {}
  static VGPU_INLINE void load(__m512 (&c)[2][2], const u32* const* r) {
    for (int h = 0; h < 2; h++) {
      const __m512i v = _mm512_load_si512(r[0] + 16 * h);
      c[0][h] = F16::get(v, 0);
      c[1][h] = F16::get(v, 1);
    }
  }
  static VGPU_INLINE __m512i half(__m512 v) {
    const __m256i r = _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm512_cvtepu16_epi32(_mm256_mask_mov_epi16(r, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q),
                                                       _mm256_set1_epi16(0x7fff)));
  }
  static VGPU_INLINE void store(const __m512 (&c)[2][2], u32* const* r, u32 mask) {
    for (int h = 0; h < 2; h++)
      put(r[0], h, mask, _mm512_or_si512(half(c[0][h]), _mm512_slli_epi32(half(c[1][h]), 16)));
  }
};
template <bool SAT>
struct CS32 {
  static constexpr int regs = 2;
  // Saturation applies to the exact sum: start from zero (the products cannot overflow) and add C
  // at the end.
  static VGPU_INLINE void load(__m512i (&c)[2][2], const u32* const* r) {
    for (int q = 0; q < 2; q++)
      for (int h = 0; h < 2; h++)
        c[q][h] = SAT ? _mm512_setzero_si512() : _mm512_load_si512(r[q] + 16 * h);
  }
  static VGPU_INLINE __m512i add(__m512i a, __m512i c) {
    const __m512i s = _mm512_add_epi32(a, c),
                  lim = _mm512_xor_si512(_mm512_srai_epi32(c, 31), _mm512_set1_epi32(0x7fffffff));
    return _mm512_mask_mov_epi32(
        s,
        _mm512_movepi32_mask(_mm512_andnot_si512(_mm512_xor_si512(a, c), _mm512_xor_si512(a, s))),
        lim);
  }
  static VGPU_INLINE void finish(__m512i (&c)[2][2], const u32* const* r) {
    if constexpr (SAT)
      for (int q = 0; q < 2; q++)
        for (int h = 0; h < 2; h++) c[q][h] = add(c[q][h], _mm512_load_si512(r[q] + 16 * h));
  }
  static VGPU_INLINE void store(const __m512i (&c)[2][2], u32* const* r, u32 mask) {
    for (int q = 0; q < 2; q++)
      for (int h = 0; h < 2; h++) put(r[q], h, mask, c[q][h]);
  }
};
// One or two tiles (wmma shapes are two). References in `o`, per tile: D, A, B, C. All sources are
// read before a destination is written.
template <class TA, class TB, class X, class CD, class CC, int RH, int J, int TILES>
VGPU_INLINE void run(Warp& w, const u32* o, u32 mask) {
  typename X::V acc[TILES][RH][2][2];
  u32* d[TILES][RH * CD::regs];
  for (int i = 0; i < TILES; i++) {
    const u32 *a[RH * J], *b[J], *c[RH * CC::regs];
    for (int k = 0; k < RH * CD::regs; k++) d[i][k] = w.R<u32>(*o++);
    for (int k = 0; k < RH * J; k++) a[k] = w.R<u32>(*o++);
    for (int k = 0; k < J; k++) b[k] = w.R<u32>(*o++);
    for (int k = 0; k < RH * CC::regs; k++) c[k] = w.R<u32>(*o++);
    for (int rh = 0; rh < RH; rh++) CC::load(acc[i][rh], c + rh * CC::regs);
    multiply<TA, TB, X, RH, J>(acc[i], a, b);
    for (int rh = 0; rh < RH; rh++) CC::finish(acc[i][rh], c + rh * CC::regs);
  }
  for (int i = 0; i < TILES; i++)
    for (int rh = 0; rh < RH; rh++) CD::store(acc[i][rh], d[i] + rh * CD::regs, mask);
}
// f64: a register of 32 lanes is four vectors, two rows each.
template <int RH, int J>
VGPU_INLINE void run_f64(Warp& w, const u32* o, u32 mask) {
  __m512d acc[RH][2][4];
  double* d[RH * 2];
  const double *a[RH * J], *b[J];
  for (int k = 0; k < RH * 2; k++) d[k] = w.R<double>(*o++);
  for (int k = 0; k < RH * J; k++) a[k] = w.R<double>(*o++);
  for (int k = 0; k < J; k++) b[k] = w.R<double>(*o++);
  for (int rh = 0; rh < RH; rh++)
    for (int q = 0; q < 2; q++) {
      const double* c = w.R<double>(*o++);
      for (int v = 0; v < 4; v++) acc[rh][q][v] = _mm512_load_pd(c + 8 * v);
    }
  for (int j = 0; j < J; j++)
    for (int e = 0; e < 4; e++) {
      __m512d bv[2];
      for (int q = 0; q < 2; q++)
        bv[q] = _mm512_broadcast_f64x4(_mm256_setr_pd(b[j][4 * q + e], b[j][8 + 4 * q + e],
                                                      b[j][16 + 4 * q + e], b[j][24 + 4 * q + e]));
      for (int rh = 0; rh < RH; rh++)
        for (int v = 0; v < 4; v++) {
          const double* row = a[RH * j + rh] + 8 * v + e;
          const __m512d x =
              _mm512_mask_mov_pd(_mm512_set1_pd(row[0]), 0xf0, _mm512_set1_pd(row[4]));
          for (int q = 0; q < 2; q++) acc[rh][q][v] = _mm512_fmadd_pd(x, bv[q], acc[rh][q][v]);
        }
    }
  for (int rh = 0; rh < RH; rh++)
    for (int q = 0; q < 2; q++)
      for (int v = 0; v < 4; v++)
        _mm512_mask_store_pd(d[2 * rh + q] + 8 * v, (__mmask8)(mask >> (8 * v)), acc[rh][q][v]);
}
}  // namespace mma
}  // namespace vgpu

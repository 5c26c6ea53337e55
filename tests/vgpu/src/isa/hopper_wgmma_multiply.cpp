// The arithmetic of wgmma. It works in the register layout: lane l of a warp holds row l / 4 and
// column pair l % 4 of every 8-column slice, so a register's 16-lane half is a vector of 4 rows x 4
// columns: acc += A[row] * B[column].
#include "tests/vgpu/src/isa/hopper_wgmma.h"
namespace vgpu::wgmma {
namespace {
// ---- operands from shared memory ----
struct Desc {
  u32 start, lbo, sbo, base, swz;  // swz: log2 of the 16-byte chunks in a row (0: none)
  explicit Desc(u64 d)
      : start((u32)(d & 0x3fff) << 4),
        lbo((u32)(d >> 16 & 0x3fff) << 4),
        sbo((u32)(d >> 32 & 0x3fff) << 4),
        base((u32)(d >> 49 & 7)) {
    u32 m = (u32)(d >> 62);
    swz = m == 0 ? 0 : 4 - m;  // 1: 128 bytes, 2: 64, 3: 32
  }
  // 16-byte chunk (i, j): K-major: i row of M/N, j chunk along K. MN-major: i chunk along M/N, j
  // row of K.
  u32 k_major(u32 row, u32 ck) const {
    return swizzle(start + (row & 7) * (16u << swz) + (row >> 3) * sbo + ck * (swz ? 16 : lbo));
  }
  u32 mn_major(u32 cm, u32 k) const {
    if (!swz) return start + cm * sbo + (k & 7) * 16 + (k >> 3) * lbo;
    return swizzle(start + (cm & ((1u << swz) - 1)) * 16 + (cm >> swz) * lbo +
                   (k & 7) * (16u << swz) + (k >> 3) * sbo);
  }
  u32 swizzle(u32 a) const { return swz ? a ^ ((((a >> 7) - base) & ((1u << swz) - 1)) << 4) : a; }
};
struct Loader {
  Warp& w;
  const Instruction& I;
  Block& b;
  bool race;
  const char* what;
  const u8* chunk(u32 a) const {
    a &= 0x3ffff;
    if (VGPU_UNLIKELY(a + 16 > b.shared_size))
      w.fault(
          ERR_ILLEGAL_ADDRESS, I, 0,
          format_text("wgmma: operand %s reads shared memory at 0x%x, outside the block's %u bytes "
                      "(descriptor wrong?)",
                      what, a, b.shared_size));
    if (VGPU_UNLIKELY(race)) proxy_check(w, I, 0, b, a, 16, "wgmma reads");
    return b.shared + a;
  }
};
VGPU_INLINE __m512 wide_bf16(__m256i v) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
}
VGPU_INLINE __m512 wide16(__m256i v, El t) {
  return t == E_F16 ? _mm512_cvtph_ps(v) : wide_bf16(v);
}
float fp8(u8 v, El t) {
  if (t == E_E5M2) return half_to_float((u16)(v << 8));
  u32 e = v >> 3 & 15, m = v & 7;
  float r;
  if (e == 15 && m == 7)
    r = __builtin_nanf("");
  else if (!e)
    r = (float)m * 0x1p-9f;
  else
    r = bitcast<float>((e + 120) << 23 | m << 20);
  return v & 0x80 ? -r : r;
}
const float* fp8_table(El t) {
  static float* tab[2] = {nullptr, nullptr};
  static bool once = [] {
    for (int k = 0; k < 2; k++) {
      tab[k] = new float[256];
      for (int i = 0; i < 256; i++) tab[k][i] = fp8((u8)i, k ? E_E5M2 : E_E4M3);
    }
    return true;
  }();
  (void)once;
  return tab[t == E_E5M2];
}
// Steps: 32-bit words along K, one per multiply: a float, or a pair of 16-bit integers.
u32 steps(const Shape& s) { return s.ta >= E_S8 ? s.k / 2u : s.k; }

// One row of K elements (chunks c[0..1] of 16 bytes) as words.
void expand(const u8* c0, const u8* c1, El t, u32* out) {
  switch (t) {
    case E_F16:
    case E_BF16: {
      __m256i v =
          _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_load_si128((const __m128i*)c0)),
                                  _mm_load_si128((const __m128i*)c1), 1);
      _mm512_store_ps(out, wide16(v, t));
      return;
    }
    case E_TF32:
      for (int i = 0; i < 4; i++) {
        u32 x;
        memcpy(&x, c0 + 4 * i, 4);
        out[i] = x & 0xffffe000u;
        memcpy(&x, c1 + 4 * i, 4);
        out[4 + i] = x & 0xffffe000u;
      }
      return;
    case E_E4M3:
    case E_E5M2: {
      const float* f = fp8_table(t);
      for (int i = 0; i < 16; i++) {
        memcpy(out + i, f + c0[i], 4);
        memcpy(out + 16 + i, f + c1[i], 4);
      }
      return;
    }
    case E_S8:
    case E_U8:
      for (int h = 0; h < 2; h++) {
        __m128i v = _mm_load_si128((const __m128i*)(h ? c1 : c0));
        _mm256_store_si256((__m256i*)(out + 8 * h),
                           t == E_S8 ? _mm256_cvtepi8_epi16(v) : _mm256_cvtepu8_epi16(v));
      }
  }
}
// 4 rows x 16 words -> words [16][4].
VGPU_INLINE void transpose4(const u32* r0, const u32* r1, const u32* r2, const u32* r3,
                            __m512i* o) {  // o[m], 128-bit lane L: word 4L+m of the four rows
  __m512i a = _mm512_load_si512(r0), b = _mm512_load_si512(r1), c = _mm512_load_si512(r2),
          d = _mm512_load_si512(r3);
  __m512i t0 = _mm512_unpacklo_epi32(a, b), t1 = _mm512_unpacklo_epi32(c, d),
          t2 = _mm512_unpackhi_epi32(a, b), t3 = _mm512_unpackhi_epi32(c, d);
  o[0] = _mm512_unpacklo_epi64(t0, t1);
  o[1] = _mm512_unpackhi_epi64(t0, t1);
  o[2] = _mm512_unpacklo_epi64(t2, t3);
  o[3] = _mm512_unpackhi_epi64(t2, t3);
}
// The multiply's buffers. A: [step][row / 4] vectors of 4 rows, each 4 times; B: [column
// slice][parity][step][4 columns].
struct Buffers {
  alignas(64) u32 A[32][16][16];
  alignas(64) u32 B[256 * 32];
  alignas(64) u32 rows[256][32];
};
Buffers& buffers() {
  static thread_local Buffers* b = new Buffers;
  return *b;
}

void spread_A(Buffers& B, u32 S) {  // from rows[64][S]
  const __m512i rep = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
                four = _mm512_set1_epi32(4);
  for (u32 s0 = 0; s0 < S; s0 += 16)
    for (u32 g = 0; g < 16; g++) {
      __m512i o[4];
      transpose4(&B.rows[4 * g][s0], &B.rows[4 * g + 1][s0], &B.rows[4 * g + 2][s0],
                 &B.rows[4 * g + 3][s0], o);
      __m512i idx = rep;
      for (int L = 0; L < 4 && s0 + 4 * L < S; L++) {
        for (int m = 0; m < 4; m++)
          _mm512_store_si512(B.A[s0 + 4 * L + m][g], _mm512_permutexvar_epi32(idx, o[m]));
        idx = _mm512_add_epi32(idx, four);
      }
    }
}
void load_A_smem(const Op& op, Buffers& B) {
  const Info& f = *op.info;
  Desc d(op.da);
  u32 S = steps(f);
  Loader ld{*op.w, *op.I, *op.w->blk, race_checks(), "A"};
  if (!f.tr_a)
    for (u32 r = 0; r < 64; r++)
      expand(ld.chunk(d.k_major(r, 0)), ld.chunk(d.k_major(r, 1)), f.ta, B.rows[r]);
  else
    for (u32 k = 0; k < 16; k++)
      for (u32 c = 0; c < 8; c++) {
        alignas(64) float t[16];
        _mm512_store_ps(t, wide16(_mm256_castsi128_si256(
                                      _mm_load_si128((const __m128i*)ld.chunk(d.mn_major(c, k)))),
                                  f.ta));
        for (u32 i = 0; i < 8; i++) memcpy(&B.rows[8 * c + i][k], t + i, 4);
      }
  spread_A(B, S);
}
void load_A_regs(const Op& op, Buffers& B) {
  const Info& f = *op.info;
  const u32 es = (u32)el_size(f.ta), E = 4 / es;
  for (u32 wq = 0; wq < 4; wq++) {
    if (!(op.warps >> wq & 1)) continue;
    for (u32 i = 0; i < 4; i++)
      for (u32 l = 0; l < 32; l++) {
        u32 row = wq * 16 + l / 4 + 8 * (i & 1), k0 = E * (l % 4) + 4 * E * (i >> 1),
            v = op.a[wq][i][l];
        u32* out = B.rows[row];
        switch (f.ta) {
          case E_BF16:
            out[k0] = v << 16;
            out[k0 + 1] = v & 0xffff0000u;
            break;
          case E_F16: {
            float x = half_to_float((u16)v), y = half_to_float((u16)(v >> 16));
            memcpy(out + k0, &x, 4);
            memcpy(out + k0 + 1, &y, 4);
            break;
          }
          case E_TF32:
            out[k0] = v & 0xffffe000u;
            break;
          case E_E4M3:
          case E_E5M2: {
            const float* t = fp8_table(f.ta);
            for (u32 e = 0; e < 4; e++) memcpy(out + k0 + e, t + (v >> (8 * e) & 255), 4);
            break;
          }
          default:
            for (u32 e = 0; e < 4; e += 2) {
              u16 x = f.ta == E_S8 ? (u16)(s8)(v >> (8 * e)) : (u16)(u8)(v >> (8 * e)),
                  y = f.ta == E_S8 ? (u16)(s8)(v >> (8 * e + 8)) : (u16)(u8)(v >> (8 * e + 8));
              out[(k0 + e) / 2] = x | (u32)y << 16;
            }
        }
      }
  }
  spread_A(B, steps(f));
}
void load_B(const Op& op, Buffers& B) {
  const Info& f = *op.info;
  Desc d(op.db);
  const u32 S = steps(f);
  Loader ld{*op.w, *op.I, *op.w->blk, race_checks(), "B"};
  if (f.tr_b) {
    const __m256i eo = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    for (u32 c = 0; c < f.n / 8u; c++)
      for (u32 k = 0; k < 16; k++) {
        __m128i v = _mm_load_si128((const __m128i*)ld.chunk(d.mn_major(c, k)));
        __m256i x = f.tb == E_F16 ? _mm256_castps_si256(_mm256_cvtph_ps(v))
                                  : _mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16);
        x = _mm256_permutevar8x32_epi32(x, eo);
        _mm_store_si128((__m128i*)&B.B[((c * 2) * S + k) * 4], _mm256_castsi256_si128(x));
        _mm_store_si128((__m128i*)&B.B[((c * 2 + 1) * S + k) * 4], _mm256_extracti128_si256(x, 1));
      }
    return;
  }
  for (u32 n = 0; n < f.n; n++)
    expand(ld.chunk(d.k_major(n, 0)), ld.chunk(d.k_major(n, 1)), f.tb, B.rows[n]);
  for (u32 c = 0; c < f.n / 8u; c++)
    for (u32 par = 0; par < 2; par++)
      for (u32 s0 = 0; s0 < S; s0 += 16) {
        __m512i o[4];
        const u32 n = 8 * c + par;
        transpose4(&B.rows[n][s0], &B.rows[n + 2][s0], &B.rows[n + 4][s0], &B.rows[n + 6][s0], o);
        u32* out = &B.B[((c * 2 + par) * S + s0) * 4];
        __m512i a = _mm512_shuffle_i32x4(o[0], o[1], 0x44),
                b = _mm512_shuffle_i32x4(o[2], o[3], 0x44),
                e = _mm512_shuffle_i32x4(o[0], o[1], 0xee),
                g = _mm512_shuffle_i32x4(o[2], o[3], 0xee);
        _mm512_store_si512(out, _mm512_shuffle_i32x4(a, b, 0x88));
        _mm512_store_si512(out + 16, _mm512_shuffle_i32x4(a, b, 0xdd));
        if (s0 + 8 < S) {
          _mm512_store_si512(out + 32, _mm512_shuffle_i32x4(e, g, 0x88));
          _mm512_store_si512(out + 48, _mm512_shuffle_i32x4(e, g, 0xdd));
        }
      }
}
// acc: W warps x 4 vectors (row half h, lane half): [4 * warp + 2 * h + half].
template <bool INT, int W>
VGPU_INLINE void inner(const Buffers& B, const u32* b, u32 S, u32 first, __m512i* acc) {
  __m512i r[4 * W];
  for (int i = 0; i < 4 * W; i++) r[i] = acc[i];
  for (u32 s = 0; s < S; s++) {
    const __m512i x = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i*)(b + 4 * s)));
    const u32* a = B.A[s][first];
#pragma GCC unroll 16
    for (int i = 0; i < 4 * W; i++) {
      __m512i v = _mm512_load_si512(a + 16 * i);
      if (INT)
        r[i] = _mm512_add_epi32(r[i], _mm512_madd_epi16(v, x));
      else
        r[i] = _mm512_castps_si512(_mm512_fmadd_ps(_mm512_castsi512_ps(v), _mm512_castsi512_ps(x),
                                                   _mm512_castsi512_ps(r[i])));
    }
  }
  for (int i = 0; i < 4 * W; i++) acc[i] = r[i];
}
__m512i sat_add(__m512i a, __m512i b) {  // signed saturating 32-bit addition
  __m512i s = _mm512_add_epi32(a, b);
  __mmask16 ov =
      _mm512_movepi32_mask(_mm512_andnot_si512(_mm512_xor_si512(a, b), _mm512_xor_si512(a, s)));
  return _mm512_mask_mov_epi32(
      s, ov, _mm512_xor_si512(_mm512_srai_epi32(a, 31), _mm512_set1_epi32(0x7fffffff)));
}
// D[register j] of warp q is at d(j, q).
template <int W, class Place>
void multiply(const Op& op, const Buffers& B, u32 q0, Place d) {
  const Info& f = *op.info;
  const u32 S = steps(f);
  const bool keep = op.scale_d, flip = f.neg_a != f.neg_b;
  const __m512i sign = _mm512_set1_epi32((s32)0x80000000);
  for (u32 c = 0; c < f.n / 8u; c++) {
    alignas(64) __m512i acc[2][4 * W];
    if (f.acc == A_F16) {
      for (u32 q = 0; q < W; q++)
        for (u32 h = 0; h < 2; h++)
          for (u32 half = 0; half < 2; half++) {
            __m512i v =
                keep ? _mm512_load_si512(d(2 * c + h, q0 + q) + 16 * half) : _mm512_setzero_si512();
            acc[0][4 * q + 2 * h + half] =
                _mm512_castps_si512(_mm512_cvtph_ps(_mm512_cvtepi32_epi16(v)));
            acc[1][4 * q + 2 * h + half] = _mm512_castps_si512(
                _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(v, 16))));
          }
    } else
      for (u32 par = 0; par < 2; par++)
        for (u32 q = 0; q < W; q++)
          for (u32 h = 0; h < 2; h++)
            for (u32 half = 0; half < 2; half++)
              acc[par][4 * q + 2 * h + half] =
                  keep && !(f.acc == A_S32 && f.sat)
                      ? _mm512_load_si512(d(4 * c + 2 * h + par, q0 + q) + 16 * half)
                      : _mm512_setzero_si512();
    for (u32 par = 0; par < 2; par++) {
      const u32* b = &B.B[(c * 2 + par) * S * 4];
      if (f.acc == A_S32) {
        inner<true, W>(B, b, S, 4 * q0, acc[par]);
        continue;
      }
      if (flip)
        for (auto& v : acc[par]) v = _mm512_xor_si512(v, sign);  // D - AB = -(-D + AB)
      inner<false, W>(B, b, S, 4 * q0, acc[par]);
      if (flip)
        for (auto& v : acc[par]) v = _mm512_xor_si512(v, sign);
    }
    if (f.acc == A_F16) {
      for (u32 q = 0; q < W; q++)
        for (u32 h = 0; h < 2; h++)
          for (u32 half = 0; half < 2; half++) {
            const u32 i = 4 * q + 2 * h + half;
            __m512i lo = _mm512_cvtepu16_epi32(_mm512_cvtps_ph(
                _mm512_castsi512_ps(acc[0][i]), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
            __m512i hi = _mm512_cvtepu16_epi32(_mm512_cvtps_ph(
                _mm512_castsi512_ps(acc[1][i]), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
            _mm512_store_si512(d(2 * c + h, q0 + q) + 16 * half,
                               _mm512_or_si512(lo, _mm512_slli_epi32(hi, 16)));
          }
    } else
      for (u32 par = 0; par < 2; par++)
        for (u32 q = 0; q < W; q++)
          for (u32 h = 0; h < 2; h++)
            for (u32 half = 0; half < 2; half++) {
              u32* p = d(4 * c + 2 * h + par, q0 + q) + 16 * half;
              __m512i v = acc[par][4 * q + 2 * h + half];
              if (f.acc == A_S32 && f.sat && keep) v = sat_add(_mm512_load_si512(p), v);
              _mm512_store_si512(p, v);
            }
  }
}
template <class Place>
void compute(const Op& op, Place d) {
  Buffers& B = buffers();
  const Info& f = *op.info;
  if (f.a_regs)
    load_A_regs(op, B);
  else
    load_A_smem(op, B);
  load_B(op, B);
  multiply<4>(op, B, 0, d);
  op.w->th->tensor_flops += 2ull * 64 * f.n * f.k;
}
}  // namespace

void run_op(const Op& op) {
  u32* data = op.sh->data;
  compute(op, [=](u32 j, u32 q) { return data + (j * 4 + q) * 32; });
}
void run_op_in_place(const Op& op, u8* const* regs, const u32* refs) {
  compute(op, [=](u32 j, u32 q) { return (u32*)(regs[q] + refs[j]); });
}
}  // namespace vgpu::wgmma

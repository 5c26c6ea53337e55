// wgmma: asynchronous matrix multiply of a warpgroup. An operation is queued when the four warps
// issue it, and executed at the wait that covers it: only then are the operands in shared memory
// read and the accumulators changed. In between the accumulator registers hold NaNs (a "shadow" has
// their values), so that a program which touches them too early does not get away with it.
//
// The arithmetic works in the register layout: lane l of a warp holds row l / 4 and column pair l %
// 4 of every 8-column slice, so a register's 16-lane half is a vector of 4 rows x 4 columns: acc +=
// A[row] * B[column].
#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>

#include "tests/vgpu/src/isa/floatops.h"
#include "tests/vgpu/src/isa/hopper.h"
namespace vgpu {
namespace {
enum El : u8 { E_F16, E_BF16, E_TF32, E_E4M3, E_E5M2, E_S8, E_U8 };
enum Acc : u8 { A_F32, A_F16, A_S32 };
struct Shape {  // of one instruction, decoded once
  u16 n, k;
  El ta, tb;
  Acc acc;
  bool a_regs, neg_a, neg_b, tr_a, tr_b, sat, eager;
  u32 nd;  // accumulator registers
};
struct Info : Shape {
  std::string what;
};

struct Shadow {  // values of accumulators in flight
  const u8* regs[4];
  std::vector<u32> refs;
  u32 live_ops = 0;
  u32* data = nullptr;  // [register][warp][lane]
  void alloc() { data = (u32*)aligned_alloc(64, refs.size() * 512); }
  Shadow() = default;
  Shadow(const Shadow&) = delete;
  ~Shadow() { free(data); }
};
struct Op {
  const Instr* I;
  const Info* info;
  u64 da, db;
  u32 warps = 0;
  u8 scale_d = 0;
  std::shared_ptr<Shadow> sh;
  Warp* w = nullptr;
  alignas(64) u32 a[4][4][32];  // A fragments: [warp][register][lane]
};
struct WarpGroup {
  std::deque<std::unique_ptr<Op>> ops;
  u64 base = 0;  // ops[0] is number `base`
  u64 issued[4] = {0};
  std::vector<u64> groups[4];  // committed: number of the first operation after the group
  std::vector<std::shared_ptr<Shadow>> shadows;
  std::unique_ptr<Op> now;
  u64 gen = 0, waits[4] = {0};
  u8* regs[4];  // eager: the operation that gathers its four warps; done; which one each warp waits
                // for
};
struct State {
  std::deque<WarpGroup> wg;
};

State& state(Block& b) {
  Hop& h = hop_of(b);
  if (!h.wgmma) {
    auto s = std::make_shared<State>();
    s->wg.resize((b.nwarps + 3) / 4);
    h.wgmma = s;
  }
  return *(State*)h.wgmma.get();
}
WarpGroup& group(Warp& w) { return state(*w.blk).wg[w.id / 4]; }

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
  const Instr& I;
  Block& b;
  bool race;
  const char* what;
  const u8* chunk(u32 a) const {
    a &= 0x3ffff;
    if (VG_UNLIKELY(a + 16 > b.shared_size))
      w.fault(ERR_ILLEGAL_ADDRESS, I, 0,
              strf("wgmma: operand %s reads shared memory at 0x%x, outside the block's %u bytes "
                   "(descriptor wrong?)",
                   what, a, b.shared_size));
    if (VG_UNLIKELY(race)) proxy_check(w, I, 0, b, a, 16, "wgmma reads");
    return b.shared + a;
  }
};
VG_INLINE __m512 wide_bf16(__m256i v) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
}
VG_INLINE __m512 wide16(__m256i v, El t) { return t == E_F16 ? _mm512_cvtph_ps(v) : wide_bf16(v); }
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
int el_size(El t) { return t <= E_BF16 ? 2 : t == E_TF32 ? 4 : 1; }
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
VG_INLINE void transpose4(const u32* r0, const u32* r1, const u32* r2, const u32* r3,
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
VG_INLINE void inner(const Buffers& B, const u32* b, u32 S, u32 first, __m512i* acc) {
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
void run_op(const Op& op) {
  Buffers& B = buffers();
  const Info& f = *op.info;
  if (f.a_regs)
    load_A_regs(op, B);
  else
    load_A_smem(op, B);
  load_B(op, B);
  u32* data = op.sh->data;
  multiply<4>(op, B, 0, [=](u32 j, u32 q) { return data + (j * 4 + q) * 32; });
  op.w->th->tensor_flops += 2ull * 64 * f.n * f.k;
}
void write_back(Shadow& s) {
  for (u32 q = 0; q < 4; q++)
    if (s.regs[q])
      for (size_t j = 0; j < s.refs.size(); j++)
        memcpy((u8*)s.regs[q] + s.refs[j], &s.data[(j * 4 + q) * 32], 128);
}

[[noreturn]] void differ(Warp& w, const Instr& I, const Op& op, u64 da, u64 db) {
  w.fault(ERR_LAUNCH_FAILURE, I, 0,
          strf("wgmma: warps %u and %u of a warpgroup execute different operations (instruction, "
               "descriptors or scale-d): A 0x%llx / 0x%llx, B 0x%llx / 0x%llx\n  the other one: %s",
               op.w->id, w.id, (unsigned long long)op.da, (unsigned long long)da,
               (unsigned long long)op.db, (unsigned long long)db, w.code->where(op.I).c_str()));
}
void release_waiters(Block& b, u32 first) {
  for (u32 k = first; k < first + 4; k++)
    for (auto& gr : b.warps[k].groups)
      if (gr.state == Group::Wait && gr.bar == kWaitWgmma) gr.state = Group::Ready;
}

// ---- instructions ----
// ops: accumulators, then A registers; I.a/I.b descriptors (I.a unused with A registers), I.c
// scale-d (I.x: negated); I.imm: Info*
void h_mma_async(Warp& w, const Instr& I, u32) {
  if (!w.converge(I, ~0u)) return;
  const Info& f = *(const Info*)I.imm;
  const u32 q = w.id & 3, g0 = w.id & ~3u;
  Block& b = *w.blk;
  if (g0 + 4 > b.nwarps)
    w.fault(ERR_LAUNCH_FAILURE, I, 0,
            strf("wgmma in warp %u: its warpgroup has only %u warps", w.id, b.nwarps - g0));
  if (w.lanes != ~0u || w.exited)
    w.fault(ERR_LAUNCH_FAILURE, I, 0, "wgmma needs all 32 lanes of the warp");
  WarpGroup& g = group(w);
  const u32* o = w.ops(I);
  u64 da = f.a_regs ? 0 : w.R<u64>(I.a)[0], db = w.R<u64>(I.b)[0];
  for (int i = 1; i < 32; i++)
    if (w.R<u64>(I.b)[i] != db || (!f.a_regs && w.R<u64>(I.a)[i] != da))
      w.fault(ERR_LAUNCH_FAILURE, I, i,
              "wgmma: the descriptor differs between the lanes of a warp");
  u32 sp = w.P(I.c) ^ (I.x ? ~0u : 0);
  if (sp && ~sp)
    w.fault(ERR_LAUNCH_FAILURE, I, 0, "wgmma: scale-d differs between the lanes of a warp");
  if (f.eager || w.frame != &w.root) {  // at once, when the fourth warp arrives
    if (!g.waits[q]) {
      if (!g.now) g.now = std::make_unique<Op>();
      Op& op = *g.now;
      if (!op.warps) {
        op.I = &I;
        op.info = &f;
        op.da = da;
        op.db = db;
        op.scale_d = sp & 1;
        op.w = &w;
      }
      if (op.I != &I || op.da != da || op.db != db || op.scale_d != (sp & 1))
        differ(w, I, op, da, db);
      op.warps |= 1u << q;
      if (f.a_regs)
        for (int i = 0; i < 4; i++) memcpy(op.a[q][i], w.R<u32>(o[f.nd + i]), 128);
      g.regs[q] = w.frame->regs;
      g.waits[q] = g.gen + 1;
      if (op.warps == 15) {
        Buffers& B = buffers();
        if (f.a_regs)
          load_A_regs(op, B);
        else
          load_A_smem(op, B);
        load_B(op, B);
        multiply<4>(op, B, 0, [&](u32 j, u32 k) { return (u32*)(g.regs[k] + o[j]); });
        w.th->tensor_flops += 2ull * 64 * f.n * f.k;
        op.warps = 0;
        g.gen++;
        release_waiters(b, g0);
      }
    }
    if (g.gen < g.waits[q]) {
      w.park(I, ~0u, kWaitWgmma, 0);
      return;
    }
    g.waits[q] = 0;
    return;
  }
  u64 num = g.issued[q]++;
  if (num == g.base + g.ops.size()) {
    auto op = std::make_unique<Op>();
    op->I = &I;
    op->info = &f;
    op->da = da;
    op->db = db;
    op->scale_d = sp & 1;
    op->w = &w;
    // Accumulators already in flight?
    for (auto& s : g.shadows)
      if (s->refs.size() == f.nd && !memcmp(s->refs.data(), o, 4 * f.nd)) op->sh = s;
    if (!op->sh) {
      for (auto& s : g.shadows)
        for (u32 j = 0; j < f.nd; j++)
          if (std::find(s->refs.begin(), s->refs.end(), o[j]) != s->refs.end())
            w.fault(ERR_LAUNCH_FAILURE, I, 0,
                    "wgmma: the accumulators overlap those of an operation in flight in part "
                    "(wgmma.wait_group missing?)");
      op->sh = std::make_shared<Shadow>();
      memset(op->sh->regs, 0, sizeof op->sh->regs);
      op->sh->refs.assign(o, o + f.nd);
      op->sh->alloc();
      g.shadows.push_back(op->sh);
    }
    op->sh->live_ops++;
    g.ops.push_back(std::move(op));
  }
  Op& op = *g.ops[num - g.base];
  if (op.I != &I || op.da != da || op.db != db || op.scale_d != (sp & 1)) differ(w, I, op, da, db);
  op.warps |= 1u << q;
  if (f.a_regs)
    for (int i = 0; i < 4; i++) memcpy(op.a[q][i], w.R<u32>(o[f.nd + i]), 128);
  Shadow& s = *op.sh;
  if (!s.regs[q]) {
    s.regs[q] = w.frame->regs;
    for (u32 j = 0; j < f.nd; j++) {
      u32* r = w.R<u32>(o[j]);
      memcpy(&s.data[(j * 4 + q) * 32], r, 128);
      for (int i = 0; i < 32; i++)
        r[i] = 0x7fffdeadu;  // a NaN, also as two halves; as an integer: absurd
    }
  }
  if (b.parked) release_waiters(b, g0);
}
void h_wg_fence(Warp& w, const Instr& I, u32) { w.converge(I, ~0u); }
void h_wg_commit(Warp& w, const Instr& I, u32) {
  if (!w.converge(I, ~0u)) return;
  if (!w.blk->hop || !w.blk->hop->wgmma) return;
  WarpGroup& g = group(w);
  g.groups[w.id & 3].push_back(g.issued[w.id & 3]);
}
void h_wg_wait(Warp& w, const Instr& I, u32) {
  if (!w.converge(I, ~0u)) return;
  if (!w.blk->hop || !w.blk->hop->wgmma) return;
  WarpGroup& g = group(w);
  const u32 q = w.id & 3;
  auto& gr = g.groups[q];
  if (gr.size() <= (u64)I.imm) return;
  const u64 upto = gr[gr.size() - 1 - (size_t)I.imm];
  for (u32 k = 0; k < 4; k++) {
    if (g.issued[k] >= upto) continue;
    if (w.blk->warps[(w.id & ~3u) + k].done())
      w.fault(ERR_LAUNCH_FAILURE, I, 0,
              strf("wgmma: warp %u of the warpgroup ended without executing an operation that warp "
                   "%u waits for",
                   (w.id & ~3u) + k, w.id));
    w.park(I, ~0u, kWaitWgmma, 0);
    return;
  }
  gr.erase(gr.begin(), gr.end() - (long)I.imm);
  while (g.base < upto) {
    Op& op = *g.ops.front();
    run_op(op);
    if (--op.sh->live_ops == 0) {
      write_back(*op.sh);
      g.shadows.erase(std::find(g.shadows.begin(), g.shadows.end(), op.sh));
    }
    g.ops.pop_front();
    g.base++;
  }
}

int parse_shape(std::string_view m, u32& n, u32& k) {
  // m64nNkK
  if (m.substr(0, 4) != "m64n") return 0;
  size_t p = m.find('k');
  if (p == m.npos) return 0;
  n = (u32)atoi(std::string(m.substr(4, p - 4)).c_str());
  k = (u32)atoi(std::string(m.substr(p + 1)).c_str());
  return 1;
}
// Statements between an operation and its wait that touch the accumulators. Copies are the
// compiler's doing (ptxas coalesces them, or serialises): they would copy poison here, so such a
// function computes at once. Anything else is the program's: it gets the poison, and a note.
bool wants_eager(Lower& l) {
  const Body& b = *l.fb.code.body;
  bool eager = false;
  std::vector<u32> mark(b.stmts.size() + 1, 0), todo;
  for (u32 start = 0; start < b.stmts.size(); start++) {
    const Stmt& m = b.stmts[start];
    if (m.op != "wgmma" || m.ops.empty() || m.ops[0].kind != Opnd::Vec) continue;
    std::vector<u8> acc(b.regs.size(), 0);
    for (auto& o : m.ops[0].sub)
      if (o.kind == Opnd::Reg) acc[o.reg] = 1;
    todo.assign(1, start + 1);
    while (!todo.empty()) {
      u32 i = todo.back();
      todo.pop_back();
      for (; i < b.stmts.size() && mark[i] != start + 1; i++) {
        mark[i] = start + 1;
        const Stmt& s = b.stmts[i];
        if (s.op == "wgmma") {
          if (!s.mods.empty() && s.mods[0] == "wait_group") break;
          continue;
        }
        if (s.op == "ret" || s.op == "exit" || s.op == "brx" || s.op == "trap") break;
        if (s.op == "bra") {
          long t = s.ops.empty() ? -1 : b.find_label(s.scope, s.ops[0].text);
          if (t >= 0) todo.push_back((u32)t);
          if (s.guard < 0) break;
          continue;
        }
        bool hit = false;
        for (auto& o : s.ops) {
          if (o.kind == Opnd::Reg) hit |= acc[o.reg];
          for (auto& p : o.sub)
            if (p.kind == Opnd::Reg) hit |= acc[p.reg];
        }
        if (!hit) continue;
        if (s.op == "mov")
          eager = true;
        else {
          static std::mutex mu;
          static std::set<std::string> said;
          std::lock_guard lk(mu);
          if (said.insert(l.fb.code.decl->name).second)
            log_line(
                strf("note: %s, PTX line %u (source line %u) uses an accumulator of the wgmma at "
                     "PTX line %u before wgmma.wait_group (its registers hold NaNs until then)",
                     l.fb.code.decl->name.c_str(), s.line, s.src_line, m.line));
        }
      }
    }
  }
  return eager;
}
void op_mma_async(Lower& l) {
  static auto* keep = new std::deque<Info>;
  static std::mutex mu;
  Info f{};
  u32 n = 0, k = 0;
  bool found = false;
  for (auto m : l.s.mods)
    if (!found) found = parse_shape(m, n, k);
  if (!found) l.bad("shape");
  if (l.has("sp")) l.bad("sparse wgmma is not implemented");
  f.n = (u16)n;
  f.k = (u16)k;
  if (n < 8 || n > 256 || n % 8) l.bad("N must be a multiple of 8 from 8 to 256");
  auto el = [&](Ty t) -> El {
    switch (t) {
      case Ty::F16:
        return E_F16;
      case Ty::BF16:
        return E_BF16;
      case Ty::TF32:
        return E_TF32;
      case Ty::E4M3:
        return E_E4M3;
      case Ty::E5M2:
        return E_E5M2;
      case Ty::S8:
        return E_S8;
      case Ty::U8:
        return E_U8;
      default:
        l.bad("operand type is not implemented");
    }
  };
  Ty td = l.ty(0);
  f.ta = el(l.ty(1));
  f.tb = el(l.ty(2));
  f.acc = td == Ty::F32   ? A_F32
          : td == Ty::F16 ? A_F16
          : td == Ty::S32 ? A_S32
                          : (l.bad("accumulator type"), A_F32);
  const int es = el_size(f.ta);
  if (k != 32u / es || el_size(f.tb) != es) l.bad("K does not fit the operand types");
  const bool is_int = f.ta >= E_S8;
  if (is_int != (f.acc == A_S32) || (f.acc == A_F16 && (f.ta == E_BF16 || f.ta == E_TF32)))
    l.bad("types do not go together");
  if (is_int && n > 32 && n % 16) l.bad("N for 8-bit integers must be 8, 24, or a multiple of 16");
  f.sat = l.has("satfinite");
  f.nd = f.acc == A_F16 ? n / 4 : n / 2;
  const Opnd &d = l.op(0), &a = l.op(1);
  if (d.kind != Opnd::Vec || d.sub.size() != f.nd)
    l.bad(strf("%u accumulator registers expected", f.nd));
  std::vector<u32> refs;
  for (auto& o : d.sub) refs.push_back(l.dst(o, 4));
  for (auto& o : d.sub) l.src(o, Ty::B32);
  f.a_regs = a.kind == Opnd::Vec;
  if (f.a_regs) {
    if (a.sub.size() != 4) l.bad("4 registers of A expected");
    for (auto& o : a.sub) refs.push_back(l.src(o, Ty::B32));
  } else
    l.I.a = l.src(a, Ty::B64);
  l.I.b = l.src(2, Ty::B64);
  bool neg = false;
  l.I.c = l.pred_src(l.op(3), neg);
  l.I.x = neg;
  if (!is_int) {
    auto sgn = [&](size_t i) {
      s64 v = (s64)l.imm_value(l.op(i), Ty::B64);
      if (v != 1 && v != -1 && (u32)v != 0xffffffffu) l.bad("imm-scale must be 1 or -1");
      return v != 1;
    };
    f.neg_a = sgn(4);
    f.neg_b = sgn(5);
    if (es == 2) {
      size_t i = 6;
      if (!f.a_regs) f.tr_a = l.imm_value(l.op(i++), Ty::U32) != 0;
      f.tr_b = l.imm_value(l.op(i), Ty::U32) != 0;
    }
  }
  static const bool eager = !strcmp(env_str("VGPU_WGMMA", ""), "eager");
  static std::unordered_map<std::string, bool> eager_fn;  // per function of a module
  {
    std::lock_guard lk(mu);
    std::string key = strf("%p ", (const void*)l.fb.code.module) + l.fb.code.decl->name;
    auto it = eager_fn.find(key);
    if (it == eager_fn.end()) it = eager_fn.emplace(key, wants_eager(l)).first;
    f.eager = eager || it->second;
  }
  l.more(refs);
  std::lock_guard lk(mu);
  keep->push_back(f);
  l.I.imm = (s64)&keep->back();
  l.emit(h_mma_async, Kl::Tensor);
}
void op_wgmma(Lower& l) {
  if (l.has("mma_async")) {
    op_mma_async(l);
    return;
  }
  if (l.has("fence")) {
    l.emit(h_wg_fence, Kl::Barrier);
    return;
  }
  if (l.has("commit_group")) {
    l.emit(h_wg_commit, Kl::Barrier);
    return;
  }
  if (!l.has("wait_group")) l.bad("wgmma form");
  l.I.imm = (s64)l.imm_value(l.op(0), Ty::U32);
  // The wait writes the accumulators: they must keep their places until here.
  auto& uses = l.fb.flow[l.fb.cur].uses;
  std::vector<u8> seen(l.fb.code.body->regs.size(), 0);
  for (auto& s : l.fb.code.body->stmts)
    if (s.op == "wgmma" && !s.ops.empty() && s.ops[0].kind == Opnd::Vec)
      for (auto& o : s.ops[0].sub)
        if (o.kind == Opnd::Reg && !seen[o.reg]) {
          seen[o.reg] = 1;
          uses.push_back(o.reg);
        }
  l.emit(h_wg_wait, Kl::Barrier);
}
}  // namespace
VG_OP(wgmma, op_wgmma);
}  // namespace vgpu

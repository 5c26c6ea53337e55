#include "tests/vgpu/src/blas/gemm.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
namespace vgblas {
namespace {
// MR x NR accumulators live in registers: MR is two vectors, NR broadcasts.
template <class A>
struct Kernel;
template <>
struct Kernel<float> {
  using V = __m512;
  static constexpr int L = 16;
  static VGPU_INLINE V load(const float* p) { return _mm512_loadu_ps(p); }
  static VGPU_INLINE V bc(float f) { return _mm512_set1_ps(f); }
  static VGPU_INLINE V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
  static VGPU_INLINE V add(V a, V b) { return _mm512_add_ps(a, b); }
  static VGPU_INLINE V zero() { return _mm512_setzero_ps(); }
  static VGPU_INLINE void store(float* p, V v) { _mm512_storeu_ps(p, v); }
};
template <>
struct Kernel<double> {
  using V = __m512d;
  static constexpr int L = 8;
  static VGPU_INLINE V load(const double* p) { return _mm512_loadu_pd(p); }
  static VGPU_INLINE V bc(double f) { return _mm512_set1_pd(f); }
  static VGPU_INLINE V fma(V a, V b, V c) { return _mm512_fmadd_pd(a, b, c); }
  static VGPU_INLINE V add(V a, V b) { return _mm512_add_pd(a, b); }
  static VGPU_INLINE V zero() { return _mm512_setzero_pd(); }
  static VGPU_INLINE void store(double* p, V v) { _mm512_storeu_pd(p, v); }
};
template <>
struct Kernel<s32> {
  using V = __m512i;
  static constexpr int L = 16;
  static VGPU_INLINE V load(const s32* p) { return _mm512_loadu_si512(p); }
  static VGPU_INLINE V bc(s32 f) { return _mm512_set1_epi32(f); }
  static VGPU_INLINE V fma(V a, V b, V c) { return _mm512_add_epi32(_mm512_mullo_epi32(a, b), c); }
  static VGPU_INLINE V add(V a, V b) { return _mm512_add_epi32(a, b); }
  static VGPU_INLINE V zero() { return _mm512_setzero_si512(); }
  static VGPU_INLINE void store(s32* p, V v) { _mm512_storeu_si512(p, v); }
};
constexpr int NR = 12, KC = 384;
template <class A>
constexpr int MR = 2 * Kernel<A>::L;
template <class A>
constexpr int MC = 6 * MR<A>;

// c[j * ld + i] (+)= sum over k of a[k * MR + i] * b[k * NR + j]
template <class A>
__attribute__((noinline)) void micro(s64 k, const A* a, const A* b, A* c, s64 ld, bool first) {
  using K = Kernel<A>;
  typename K::V x[NR], y[NR];
  for (int j = 0; j < NR; j++) x[j] = y[j] = K::zero();
  for (s64 p = 0; p < k; p++, a += MR<A>, b += NR) {
    const auto a0 = K::load(a), a1 = K::load(a + K::L);
#pragma GCC unroll 12
    for (int j = 0; j < NR; j++) {
      const auto v = K::bc(b[j]);
      x[j] = K::fma(a0, v, x[j]);
      y[j] = K::fma(a1, v, y[j]);
    }
  }
#pragma GCC unroll 12
  for (int j = 0; j < NR; j++) {
    A* q = c + j * ld;
    if (!first) {
      x[j] = K::add(x[j], K::load(q));
      y[j] = K::add(y[j], K::load(q + K::L));
    }
    K::store(q, x[j]);
    K::store(q + K::L, y[j]);
  }
}

// Up to 16 consecutive elements as a vector of 32-bit accumulation values.
template <T t>
VGPU_INLINE __m512i load16(const typename Elem<t>::S* p, __mmask16 m) {
  if constexpr (t == T::F32 || t == T::I32)
    return _mm512_maskz_loadu_epi32(m, p);
  else if constexpr (t == T::BF16)
    return _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(m, p)), 16);
  else if constexpr (t == T::F16)
    return _mm512_castps_si512(_mm512_cvtph_ps(_mm256_maskz_loadu_epi16(m, p)));
  else if constexpr (t == T::I8)
    return _mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(m, p));
  else
    return _mm512_castps_si512(_mm512_i32gather_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(m, p)),
                                                   t == T::E4M3 ? kE4M3 : kE5M2, 4));
}
template <Round r>
VGPU_INLINE __m512i rounded(__m512i v) {
  if constexpr (r == Round::TF32) {
    const __m512i e = _mm512_set1_epi32(0x7f800000);
    const __mmask16 special = _mm512_cmpeq_epi32_mask(_mm512_and_si512(v, e), e);
    const __m512i t = _mm512_and_si512(_mm512_add_epi32(v, _mm512_set1_epi32(0x1000)),
                                       _mm512_set1_epi32((int)0xffffe000));
    return _mm512_mask_mov_epi32(t, special, v);
  } else if constexpr (r == Round::F16) {
    return _mm512_castps_si512(_mm512_cvtph_ps(
        _mm512_cvtps_ph(_mm512_castsi512_ps(v), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)));
  } else if constexpr (r == Round::BF16) {
    const __mmask16 nan =
        _mm512_cmp_ps_mask(_mm512_castsi512_ps(v), _mm512_castsi512_ps(v), _CMP_UNORD_Q);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(v, 16), _mm512_set1_epi32(1));
    const __m512i t =
        _mm512_and_si512(_mm512_add_epi32(_mm512_add_epi32(v, _mm512_set1_epi32(0x7fff)), odd),
                         _mm512_set1_epi32((int)0xffff0000));
    return _mm512_mask_mov_epi32(t, nan, v);
  } else
    return v;
}
VGPU_INLINE void transpose16(__m512i v[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 8; i += 4)
    for (int j = 0; j < 4; j++) {
      t[2 * i + j] = _mm512_shuffle_i32x4(v[2 * i + j], v[2 * i + 4 + j], 0x88);
      t[2 * i + 4 + j] = _mm512_shuffle_i32x4(v[2 * i + j], v[2 * i + 4 + j], 0xdd);
    }
  for (int j = 0; j < 8; j++) {
    v[j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0x88);
    v[8 + j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0xdd);
  }
}

// Panels of P rows: out[panel][k][row], rows r0.. r0+rn of v (zero up to a multiple of P), columns
// k0.. k0+kc.
template <T t, Round r, int P>
void pack32(const View& v, s64 r0, s64 rn, s64 k0, s64 kc, u32* out) {
  using S = typename Elem<t>::S;
  const S* base = (const S*)v.p + r0 * v.rs + k0 * v.cs;
  for (s64 i = 0; i < rn; i += P, out += P * kc) {
    const int rows = (int)std::min<s64>(P, rn - i);
    const S* p = base + i * v.rs;
    if (v.rs == 1) {
      for (s64 k = 0; k < kc; k++)
        for (int g = 0; g < P; g += 16) {
          const int w = std::min(16, P - g), have = std::clamp(rows - g, 0, w);
          const __m512i x = rounded<r>(load16<t>(p + k * v.cs + g, (__mmask16)((1u << have) - 1)));
          _mm512_mask_storeu_epi32(out + k * P + g, (__mmask16)((1u << w) - 1), x);
        }
    } else {  // contiguous along k (or neither: element by element)
      for (int g = 0; g < P; g += 16) {
        const int w = std::min(16, P - g), have = std::clamp(rows - g, 0, w);
        for (s64 k = 0; k < kc; k += 16) {
          const int kn = (int)std::min<s64>(16, kc - k);
          __m512i x[16];
          for (int j = 0; j < 16; j++) {
            x[j] = _mm512_setzero_si512();
            if (j >= have) continue;
            const S* q = p + (g + j) * v.rs + k * v.cs;
            if (v.cs == 1)
              x[j] = rounded<r>(load16<t>(q, (__mmask16)((1u << kn) - 1)));
            else {
              S tmp[16] = {};
              for (int e = 0; e < kn; e++) tmp[e] = q[e * v.cs];
              x[j] = rounded<r>(load16<t>(tmp, 0xffff));
            }
          }
          transpose16(x);
          for (int e = 0; e < kn; e++)
            _mm512_mask_storeu_epi32(out + (k + e) * P + g, (__mmask16)((1u << w) - 1), x[e]);
        }
      }
    }
  }
}
template <int P>
void pack(const View& v, Round, s64 r0, s64 rn, s64 k0, s64 kc, double* out) {
  const double* base = (const double*)v.p + r0 * v.rs + k0 * v.cs;
  for (s64 i = 0; i < rn; i += P, out += P * kc) {
    const int rows = (int)std::min<s64>(P, rn - i);
    for (int j = 0; j < P; j++) {
      const double* q = base + (i + j) * v.rs;
      if (j < rows)
        for (s64 k = 0; k < kc; k++) out[k * P + j] = q[k * v.cs];
      else
        for (s64 k = 0; k < kc; k++) out[k * P + j] = 0;
    }
  }
}
template <int P>
void pack(const View& v, Round, s64 r0, s64 rn, s64 k0, s64 kc, s32* out) {
  if (v.t == T::I8)
    pack32<T::I8, Round::None, P>(v, r0, rn, k0, kc, (u32*)out);
  else
    pack32<T::I32, Round::None, P>(v, r0, rn, k0, kc, (u32*)out);
}
template <int P>
void pack(const View& v, Round r, s64 r0, s64 rn, s64 k0, s64 kc, float* out) {
  u32* o = (u32*)out;
  switch (v.t) {
    case T::BF16:
      return pack32<T::BF16, Round::None, P>(v, r0, rn, k0, kc, o);
    case T::F16:
      return pack32<T::F16, Round::None, P>(v, r0, rn, k0, kc, o);
    case T::E4M3:
      return pack32<T::E4M3, Round::None, P>(v, r0, rn, k0, kc, o);
    case T::E5M2:
      return pack32<T::E5M2, Round::None, P>(v, r0, rn, k0, kc, o);
    default:
      break;
  }
  switch (r) {
    case Round::TF32:
      return pack32<T::F32, Round::TF32, P>(v, r0, rn, k0, kc, o);
    case Round::F16:
      return pack32<T::F32, Round::F16, P>(v, r0, rn, k0, kc, o);
    case Round::BF16:
      return pack32<T::F32, Round::BF16, P>(v, r0, rn, k0, kc, o);
    default:
      return pack32<T::F32, Round::None, P>(v, r0, rn, k0, kc, o);
  }
}

template <class A>
struct Buffer {
  A* p = nullptr;
  size_t n = 0;
  A* get(size_t want) {
    if (want > n) {
      free(p);
      n = want;
      p = (A*)aligned_alloc(64, (n * sizeof(A) + 63) / 64 * 64);
    }
    return p;
  }
  ~Buffer() { free(p); }
};
constexpr s64 up(s64 a, s64 b) { return (a + b - 1) / b * b; }

// Rows m0..m1, columns n0..n1 of one product, on this thread.
template <class A>
void piece(const Product& g, Round r, s64 m0, s64 m1, s64 n0, s64 n1, int part) {
  constexpr int mr = MR<A>;
  thread_local Buffer<A> bufa, bufb, bufc;
  // Columns at a time: all of their B, packed over the whole of k, stays around.
  const s64 bytes = std::max<s64>(1, g.k) * sizeof(A);
  const s64 nc = std::clamp<s64>(((s64)6 << 20) / bytes / NR * NR, 2 * NR, 85 * NR);
  const s64 mc = std::min<s64>(MC<A>, up(m1 - m0, mr));
  A* c = bufc.get((size_t)(mc * std::min(nc, up(n1 - n0, NR))));
  for (s64 j = n0; j < n1; j += nc) {
    const s64 nj = std::min(nc, n1 - j), np = up(nj, NR);
    const View bt{g.b.p, g.b.t, g.b.cs, g.b.rs};
    A* b = bufb.get((size_t)(np * std::max<s64>(1, g.k)));
    for (s64 p = 0; p < g.k; p += KC)
      pack<NR>(bt, r, j, nj, p, std::min<s64>(KC, g.k - p), b + np * p);
    for (s64 i = m0; i < m1; i += mc) {
      const s64 mi = std::min(mc, m1 - i), mp = up(mi, mr);
      if (!g.k) memset((void*)c, 0, (size_t)(mp * np) * sizeof(A));
      for (s64 p = 0; p < g.k; p += KC) {
        const s64 kc = std::min<s64>(KC, g.k - p);
        A* a = bufa.get((size_t)(mp * kc));
        pack<mr>(g.a, r, i, mi, p, kc, a);
        for (s64 jj = 0; jj < np; jj += NR)
          for (s64 ii = 0; ii < mp; ii += mr)
            micro<A>(kc, a + ii * kc, b + np * p + jj * kc, c + jj * mp + ii, mp, p == 0);
      }
      g.sink->put(c, mp, i, mi, j, nj, part);
    }
  }
}
// Workers that stay (with their buffers); run() is called under the lock of the runtime, one at a
// time.
struct Pool {
  std::mutex mu;
  std::condition_variable cv, done;
  const std::function<void()>* job = nullptr;
  u64 gen = 0;
  int want = 0, busy = 0, have = 0;
  void loop(int id) {
    for (u64 seen = 0;;) {
      const std::function<void()>* f;
      bool mine;
      {
        std::unique_lock g(mu);
        cv.wait(g, [&] { return gen != seen; });
        seen = gen;
        f = job;
        mine = id < want;
      }
      if (!mine) continue;
      (*f)();
      std::lock_guard g(mu);
      if (--busy == 0) done.notify_all();
    }
  }
  void run(int n, const std::function<void()>& f) {
    static std::mutex one;
    std::lock_guard only(one);
    for (; have < n - 1; have++) std::thread([this, id = have] { loop(id); }).detach();
    if (n > 1) {
      std::lock_guard g(mu);
      job = &f;
      want = busy = n - 1;
      gen++;
      cv.notify_all();
    }
    f();
    if (n > 1) {
      std::unique_lock g(mu);
      done.wait(g, [&] { return busy == 0; });
    }
  }
};
Pool& pool() {
  static Pool* p = new Pool;
  return *p;
}
int threads() {
  static const int n = (int)std::max(1l, environment_number("VGPU_THREADS", 2));
  return n;
}

template <class A>
void run(Round r, const std::vector<Product>& batch) {
  struct Job {
    const Product* g;
    s64 m0, m1, n0, n1;
    int part;
  };
  std::vector<Job> jobs;
  double work = 0;
  for (auto& g : batch) work += 2.0 * g.m * g.n * std::max<s64>(1, g.k);
  const int nt = work < 2e6 ? 1 : threads();
  for (auto& g : batch) {
    if (g.m <= 0 || g.n <= 0) continue;
    const s64 cut =
        (s64)batch.size() >= 2 * nt || 2.0 * g.m * g.n * std::max<s64>(1, g.k) < 1e6 ? 1 : nt;
    const bool cols = g.n * 2 >= g.m;
    const s64 unit = cols ? NR : MR<A>, len = cols ? g.n : g.m,
              step = std::max(unit, up((len + cut - 1) / cut, unit));
    int part = 0;
    for (s64 x = 0; x < len; x += step, part++) {
      const s64 e = std::min(len, x + step);
      jobs.push_back(cols ? Job{&g, 0, g.m, x, e, part} : Job{&g, x, e, 0, g.n, part});
    }
  }
  std::atomic<size_t> next{0};
  pool().run(std::min<int>(nt, (int)jobs.size()), [&] {
    for (size_t i; (i = next++) < jobs.size();) {
      auto& j = jobs[i];
      piece<A>(*j.g, r, j.m0, j.m1, j.n0, j.n1, j.part);
    }
  });
}
}  // namespace
int parts() { return threads(); }
void multiply(Acc acc, Round r, const std::vector<Product>& batch) {
  switch (acc) {
    case Acc::F32:
      return run<float>(r, batch);
    case Acc::F64:
      return run<double>(r, batch);
    default:
      return run<s32>(r, batch);
  }
}
}  // namespace vgblas

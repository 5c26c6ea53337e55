// mma.sync in every supported shape and type against float64 products; the fragment layouts are
// written here as the PTX ISA manual states them, element by element.
#include <cmath>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <string>
#include <type_traits>

#include "tests/vgpu/tests/check.h"
using u32 = uint32_t;
typedef __nv_bfloat16 bf16;
struct tf32 {
  u32 b;
};  // raw bits, the low 13 of them garbage
struct s4 {};
struct u4 {};  // 4-bit integers
// Element storage in dense matrices: one slot per element.
template <class T>
struct Slot {
  using t = T;
};
template <>
struct Slot<s4> {
  using t = int8_t;
};
template <>
struct Slot<u4> {
  using t = uint8_t;
};

// ---- layouts (PTX ISA, "Matrix Fragments for mma.*"); i: index of the element in the thread's
// fragment ----
struct RC {
  int r, c;
};
template <int M, int K, class T>
__device__ RC a_pos(int lane, int i) {
  int g = lane >> 2, t = lane & 3;
  if constexpr (std::is_same_v<T, double>) {
    if (M == 8) return {g, t};
    if (K == 4) return {i == 0 ? g : g + 8, t};
    if (K == 8) return {i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4};
    return {i % 2 == 0 ? g : g + 8, i % 2 == 0 ? i * 2 + t : i * 2 - 2 + t};
  } else if constexpr (std::is_same_v<T, tf32>) {
    if (K == 4) return {i == 0 ? g : g + 8, t};
    return {i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4};
  } else if constexpr (std::is_same_v<T, s4> || std::is_same_v<T, u4>) {
    if (M == 8) return {g, t * 8 + (i & 7)};
    if (K == 32) return {i < 8 ? g : g + 8, t * 8 + (i & 7)};
    return {i < 8 || (i >= 16 && i < 24) ? g : g + 8, t * 8 + (i & 7) + (i < 16 ? 0 : 32)};
  } else if constexpr (sizeof(T) == 2) {
    if (K == 8) return {i < 2 ? g : g + 8, t * 2 + (i & 1)};
    return {i < 2 || (i >= 4 && i < 6) ? g : g + 8, t * 2 + (i & 1) + (i < 4 ? 0 : 8)};
  } else {
    if (M == 8) return {g, t * 4 + (i & 3)};
    if (K == 16) return {i < 4 ? g : g + 8, t * 4 + (i & 3)};
    return {i < 4 || (i >= 8 && i < 12) ? g : g + 8, t * 4 + (i & 3) + (i < 8 ? 0 : 16)};
  }
}
template <int M, int K, class T>
__device__ RC b_pos(int lane, int i) {
  int g = lane >> 2, t = lane & 3;
  if constexpr (std::is_same_v<T, double>)
    return {t + i * 4, g};
  else if constexpr (std::is_same_v<T, tf32>)
    return {i == 0 ? t : t + 4, g};
  else if constexpr (std::is_same_v<T, s4> || std::is_same_v<T, u4>)
    return {t * 8 + (i & 7) + (i < 8 ? 0 : 32), g};
  else if constexpr (sizeof(T) == 2)
    return {t * 2 + (i & 1) + (i < 2 ? 0 : 8), g};
  else
    return {t * 4 + (i & 3) + (i < 4 ? 0 : 16), g};
}
template <int M>
__device__ RC c_pos(int lane, int i) {
  int g = lane >> 2, t = lane & 3;
  return {M == 8 || i < 2 ? g : g + 8, t * 2 + (i & 1)};
}

// ---- the instructions ----
#define R1(x) "r"(x[0])
#define R2(x) "r"(x[0]), "r"(x[1])
#define R4(x) "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3])
#define O2(x) "=r"(x[0]), "=r"(x[1])
#define O4(x) "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
// D4 A4 B2 C4 and so on: numbers of registers
#define OP_4424(txt)                                                            \
  asm volatile(txt " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%11,%12,%13};" \
               : O4(d)                                                          \
               : R4(a), R2(b), R4(c))
#define OP_4214(txt) \
  asm volatile(txt " {%0,%1,%2,%3}, {%4,%5}, {%6}, {%7,%8,%9,%10};" : O4(d) : R2(a), R1(b), R4(c))
#define OP_2422(txt) \
  asm volatile(txt " {%0,%1}, {%2,%3,%4,%5}, {%6,%7}, {%8,%9};" : O2(d) : R4(a), R2(b), R2(c))
#define OP_2212(txt) \
  asm volatile(txt " {%0,%1}, {%2,%3}, {%4}, {%5,%6};" : O2(d) : R2(a), R1(b), R2(c))
#define OP_2112(txt) \
  asm volatile(txt " {%0,%1}, {%2}, {%3}, {%4,%5};" : O2(d) : R1(a), R1(b), R2(c))
#define DEF(NAME, MM, KK, A_, B_, C_, OPN, TXT, MINARCH)                           \
  struct NAME {                                                                    \
    static constexpr int M = MM, K = KK, arch = MINARCH;                           \
    using A = A_;                                                                  \
    using B = B_;                                                                  \
    using C = C_;                                                                  \
    static constexpr bool sat = false;                                             \
    static const char* name() { return TXT; }                                      \
    static __device__ void run(u32* d, const u32* a, const u32* b, const u32* c) { \
      if constexpr (true) {                                                        \
        OPN(TXT);                                                                  \
      }                                                                            \
    }                                                                              \
  };
// Instructions above the compilation target must not be emitted.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 890
#define DEF89(NAME, MM, KK, A_, B_, C_, OPN, TXT) DEF(NAME, MM, KK, A_, B_, C_, OPN, TXT, 89)
#else
#define NOTHING(x)
#define DEF89(NAME, MM, KK, A_, B_, C_, OPN, TXT) DEF(NAME, MM, KK, A_, B_, C_, NOTHING, TXT, 89)
#endif
#define S "mma.sync.aligned."
DEF(h_k16_f32, 16, 16, half, half, float, OP_4424, S "m16n8k16.row.col.f32.f16.f16.f32", 80)
DEF(h_k16_f16, 16, 16, half, half, half, OP_2422, S "m16n8k16.row.col.f16.f16.f16.f16", 80)
DEF(h_k8_f32, 16, 8, half, half, float, OP_4214, S "m16n8k8.row.col.f32.f16.f16.f32", 80)
DEF(h_k8_f16, 16, 8, half, half, half, OP_2212, S "m16n8k8.row.col.f16.f16.f16.f16", 80)
DEF(b_k16, 16, 16, bf16, bf16, float, OP_4424, S "m16n8k16.row.col.f32.bf16.bf16.f32", 80)
DEF(b_k8, 16, 8, bf16, bf16, float, OP_4214, S "m16n8k8.row.col.f32.bf16.bf16.f32", 80)
DEF(t_k8, 16, 8, tf32, tf32, float, OP_4424, S "m16n8k8.row.col.f32.tf32.tf32.f32", 80)
DEF(t_k4, 16, 4, tf32, tf32, float, OP_4214, S "m16n8k4.row.col.f32.tf32.tf32.f32", 80)
DEF(i_k32_ss, 16, 32, int8_t, int8_t, int, OP_4424, S "m16n8k32.row.col.s32.s8.s8.s32", 80)
DEF(i_k32_us, 16, 32, uint8_t, int8_t, int, OP_4424, S "m16n8k32.row.col.s32.u8.s8.s32", 80)
DEF(i_k32_su, 16, 32, int8_t, uint8_t, int, OP_4424, S "m16n8k32.row.col.s32.s8.u8.s32", 80)
DEF(i_k16_uu, 16, 16, uint8_t, uint8_t, int, OP_4214, S "m16n8k16.row.col.s32.u8.u8.s32", 80)
DEF(i_k16_ss, 16, 16, int8_t, int8_t, int, OP_4214, S "m16n8k16.row.col.s32.s8.s8.s32", 80)
DEF(i_m8, 8, 16, int8_t, int8_t, int, OP_2112, S "m8n8k16.row.col.s32.s8.s8.s32", 80)
DEF(q_k32, 16, 32, s4, s4, int, OP_4214, S "m16n8k32.row.col.s32.s4.s4.s32", 80)
DEF(q_k64, 16, 64, u4, s4, int, OP_4424, S "m16n8k64.row.col.s32.u4.s4.s32", 80)
DEF(q_m8, 8, 32, s4, u4, int, OP_2112, S "m8n8k32.row.col.s32.s4.u4.s32", 80)
struct i_sat {
  static constexpr int M = 16, K = 32, arch = 80;
  using A = int8_t;
  using B = int8_t;
  using C = int;
  static constexpr bool sat = true;
  static const char* name() { return S "m16n8k32.row.col.satfinite.s32.s8.s8.s32"; }
  static __device__ void run(u32* d, const u32* a, const u32* b, const u32* c) {
    OP_4424(S "m16n8k32.row.col.satfinite.s32.s8.s8.s32");
  }
};
DEF89(e_44, 16, 32, __nv_fp8_e4m3, __nv_fp8_e4m3, float, OP_4424,
      S "m16n8k32.row.col.f32.e4m3.e4m3.f32")
DEF89(e_55, 16, 32, __nv_fp8_e5m2, __nv_fp8_e5m2, float, OP_4424,
      S "m16n8k32.row.col.f32.e5m2.e5m2.f32")
DEF89(e_45, 16, 32, __nv_fp8_e4m3, __nv_fp8_e5m2, float, OP_4424,
      S "m16n8k32.row.col.f32.e4m3.e5m2.f32")
DEF89(e_54h, 16, 32, __nv_fp8_e5m2, __nv_fp8_e4m3, half, OP_2422,
      S "m16n8k32.row.col.f16.e5m2.e4m3.f16")
DEF89(e_k16, 16, 16, __nv_fp8_e4m3, __nv_fp8_e4m3, float, OP_4214,
      S "m16n8k16.row.col.f32.e4m3.e4m3.f32")
struct d_k4 {
  static constexpr int M = 8, K = 4, arch = 80;
  using A = double;
  using B = double;
  using C = double;
  static constexpr bool sat = false;
  static const char* name() { return S "m8n8k4.row.col.f64.f64.f64.f64"; }
  static __device__ void run(double* d, const double* a, const double* b, const double* c) {
    asm volatile(S "m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%4,%5};"
                 : "=d"(d[0]), "=d"(d[1])
                 : "d"(a[0]), "d"(b[0]), "d"(c[0]), "d"(c[1]));
  }
};
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
#define D90(x) x
#else
#define D90(x)
#endif
struct d16_k4 {
  static constexpr int M = 16, K = 4, arch = 90;
  using A = double;
  using B = double;
  using C = double;
  static constexpr bool sat = false;
  static const char* name() { return S "m16n8k4.row.col.f64.f64.f64.f64"; }
  static __device__ void run(double* d, const double* a, const double* b, const double* c) {
    D90(asm volatile(
            S "m16n8k4.row.col.f64.f64.f64.f64 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%7,%8,%9,%10};"
            : "=d"(d[0]), "=d"(d[1]), "=d"(d[2]), "=d"(d[3])
            : "d"(a[0]), "d"(a[1]), "d"(b[0]), "d"(c[0]), "d"(c[1]), "d"(c[2]), "d"(c[3]));)
  }
};
struct d16_k8 {
  static constexpr int M = 16, K = 8, arch = 90;
  using A = double;
  using B = double;
  using C = double;
  static constexpr bool sat = false;
  static const char* name() { return S "m16n8k8.row.col.f64.f64.f64.f64"; }
  static __device__ void run(double* d, const double* a, const double* b, const double* c) {
    D90(asm volatile(S "m16n8k8.row.col.f64.f64.f64.f64 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                       "{%10,%11,%12,%13};"
                     : "=d"(d[0]), "=d"(d[1]), "=d"(d[2]), "=d"(d[3])
                     : "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(b[0]), "d"(b[1]), "d"(c[0]),
                       "d"(c[1]), "d"(c[2]), "d"(c[3]));)
  }
};
struct d16_k16 {
  static constexpr int M = 16, K = 16, arch = 90;
  using A = double;
  using B = double;
  using C = double;
  static constexpr bool sat = false;
  static const char* name() { return S "m16n8k16.row.col.f64.f64.f64.f64"; }
  static __device__ void run(double* d, const double* a, const double* b, const double* c) {
    D90(asm volatile(S "m16n8k16.row.col.f64.f64.f64.f64 {%0,%1,%2,%3}, "
                       "{%4,%5,%6,%7,%8,%9,%10,%11}, {%12,%13,%14,%15}, {%16,%17,%18,%19};"
                     : "=d"(d[0]), "=d"(d[1]), "=d"(d[2]), "=d"(d[3])
                     : "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(a[4]), "d"(a[5]), "d"(a[6]),
                       "d"(a[7]), "d"(b[0]), "d"(b[1]), "d"(b[2]), "d"(b[3]), "d"(c[0]), "d"(c[1]),
                       "d"(c[2]), "d"(c[3]));)
  }
};

template <class T>
__device__ void put(u32* regs, int i, typename Slot<T>::t v) {
  if constexpr (std::is_same_v<T, s4> || std::is_same_v<T, u4>)
    regs[i / 8] |= (u32)(v & 15) << (4 * (i & 7));
  else
    memcpy((char*)regs + i * sizeof(T), &v, sizeof(T));
}
template <class O>
__global__ void kernel(const typename Slot<typename O::A>::t* A,
                       const typename Slot<typename O::B>::t* B, const typename O::C* C,
                       typename O::C* D) {
  constexpr int M = O::M, K = O::K;
  constexpr bool f64 = std::is_same_v<typename O::A, double>;
  using R = std::conditional_t<f64, double, u32>;
  constexpr int NA = M * K / 32, NB = K * 8 / 32, NC = M * 8 / 32;
  R a[8] = {}, b[4] = {}, c[4] = {}, d[4] = {};
  int l = threadIdx.x;
  A += blockIdx.x * M * K;
  B += blockIdx.x * K * 8;
  C += blockIdx.x * M * 8;
  D += blockIdx.x * M * 8;
  for (int i = 0; i < NA; i++) {
    RC p = a_pos<M, K, typename O::A>(l, i);
    put<typename O::A>((u32*)a, i, A[p.r * K + p.c]);
  }
  for (int i = 0; i < NB; i++) {
    RC p = b_pos<M, K, typename O::B>(l, i);
    put<typename O::B>((u32*)b, i, B[p.r * 8 + p.c]);
  }
  for (int i = 0; i < NC; i++) {
    RC p = c_pos<M>(l, i);
    memcpy((char*)c + i * sizeof(typename O::C), &C[p.r * 8 + p.c], sizeof(typename O::C));
  }
  O::run(d, a, b, c);
  for (int i = 0; i < NC; i++) {
    RC p = c_pos<M>(l, i);
    memcpy(&D[p.r * 8 + p.c], (char*)d + i * sizeof(typename O::C), sizeof(typename O::C));
  }
}
__global__ void arch(int* a) {
#ifdef __CUDA_ARCH__
  *a = __CUDA_ARCH__ / 10;
#endif
}
static std::mt19937 rng(7);
static double uni() { return std::uniform_real_distribution<double>(-2, 2)(rng); }
template <class T>
typename Slot<T>::t random_value(double& v) {
  if constexpr (std::is_same_v<T, tf32>) {
    float f = (float)uni();
    u32 b;
    memcpy(&b, &f, 4);
    u32 h = b & 0xffffe000u;
    memcpy(&f, &h, 4);
    v = f;
    return {b};
  } else if constexpr (std::is_same_v<T, s4>) {
    int x = (int)(rng() % 16) - 8;
    v = x;
    return (int8_t)x;
  } else if constexpr (std::is_same_v<T, u4>) {
    int x = (int)(rng() % 16);
    v = x;
    return (uint8_t)x;
  } else if constexpr (std::is_integral_v<T> && sizeof(T) == 1) {
    T x = (T)rng();
    v = x;
    return x;
  } else if constexpr (std::is_same_v<T, int>) {
    int x = (int)rng();
    v = x;
    return x;
  } else {
    T x = T(uni() * (rng() % 64 == 0 ? 1e-6 : 1));
    v = (double)(float)x;
    if constexpr (std::is_same_v<T, double>) v = x;
    return x;
  }
}
template <class O>
void test(int have) {
  if (have < O::arch) return;
  constexpr int M = O::M, K = O::K, n = 50;
  std::vector<typename Slot<typename O::A>::t> A(n * M * K);
  std::vector<typename Slot<typename O::B>::t> B(n * K * 8);
  std::vector<typename O::C> C(n * M * 8);
  std::vector<double> a(A.size()), b(B.size()), c(C.size());
  for (size_t i = 0; i < A.size(); i++) A[i] = random_value<typename O::A>(a[i]);
  for (size_t i = 0; i < B.size(); i++) B[i] = random_value<typename O::B>(b[i]);
  for (size_t i = 0; i < C.size(); i++) C[i] = random_value<typename O::C>(c[i]);
  if (O::sat)
    for (size_t i = 0; i < C.size(); i += 2) {
      int v = i % 4 ? INT32_MAX - (int)(i % 1000) : INT32_MIN + (int)(i % 1000);
      memcpy(&C[i], &v, 4);
      c[i] = v;
    }
  DeviceBuffer dA(A);
  DeviceBuffer dB(B);
  DeviceBuffer dC(C);
  DeviceBuffer<typename O::C> dD(C.size());
  kernel<O><<<n, 32>>>(dA, dB, dC, dD);
  auto D = dD.get();
  double worst = 0;
  bool ok = true;
  for (int t = 0; t < n; t++)
    for (int r = 0; r < M; r++)
      for (int q = 0; q < 8; q++) {
        double s = c[t * M * 8 + r * 8 + q], mag = std::fabs(s);
        for (int k = 0; k < K; k++) {
          double p = a[t * M * K + r * K + k] * b[t * K * 8 + k * 8 + q];
          s += p;
          mag += std::fabs(p);
        }
        double got = (double)(float)D[t * M * 8 + r * 8 + q];
        if constexpr (std::is_same_v<typename O::C, double>) got = D[t * M * 8 + r * 8 + q];
        if constexpr (std::is_same_v<typename O::C, int>) {
          long long want = (long long)s;
          if (O::sat) want = std::min<long long>(std::max<long long>(want, INT32_MIN), INT32_MAX);
          ok &= D[t * M * 8 + r * 8 + q] == (int)(u32)(uint64_t)want;
        } else {
          double unit = std::is_same_v<typename O::C, float> ? std::ldexp(1.0, -23) * mag
                        : std::is_same_v<typename O::C, double>
                            ? std::ldexp(1.0, -52) * mag
                            : std::ldexp(1.0, -11) * std::fabs(s) + std::ldexp(1.0, -22) * mag +
                                  std::ldexp(1.0, -25);
          worst = std::max(worst, std::fabs(got - s) / unit);
        }
      }
  ok &= worst <= (std::is_same_v<typename O::C, half> ? 1.001 : 2.0) &&
        cudaGetLastError() == cudaSuccess;
  if (!ok) printf("# %s: error %g units\n", O::name(), worst);
  CHECK(O::name(), ok);
}
// NaN and infinity travel; D may be the registers of C.
__global__ void special(float* o) {
  u32 a[4] = {0x3f803f80u, 0x3f803f80u, 0x3f803f80u, 0x3f803f80u},
      b[2] = {0x3f803f80u, 0x3f803f80u};
  float c[4] = {1, 2, 3, 4};
  if (threadIdx.x == 0) a[0] = 0x3f807fc0u;  // row 0, k 0: NaN
  if (threadIdx.x == 4) a[0] = 0x3f807f80u;  // row 1: infinity
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : R4(a), R2(b));
  for (int i = 0; i < 4; i++) o[threadIdx.x * 4 + i] = c[i];
}
// Every code of an 8-bit float: A holds the codes, B the identity.
template <class O>
void codes(int have, const char* name) {
  if (have < O::arch) return;
  using F = typename O::A;
  std::vector<F> A(2 * 16 * 32), B(2 * 32 * 8);
  std::vector<float> C(2 * 16 * 8, 0.f);
  for (int t = 0; t < 2; t++) {
    for (int r = 0; r < 16; r++)
      for (int k = 0; k < 32; k++)
        A[t * 512 + r * 32 + k].__x = k < 8 ? (unsigned char)(t * 128 + r * 8 + k) : 0;
    for (int k = 0; k < 8; k++) B[t * 256 + k * 8 + k] = F(1.f);
  }
  DeviceBuffer dA(A);
  DeviceBuffer dB(B);
  DeviceBuffer dC(C);
  DeviceBuffer<float> dD(256);
  kernel<O><<<2, 32>>>(dA, dB, dC, dD);
  auto D = dD.get();
  bool ok = true;
  // NaN times zero is NaN, infinity times zero too: such a row is NaN everywhere.
  for (int i = 0; i < 256; i++) {
    F f;
    f.__x = (unsigned char)i;
    float want = (float)f;
    bool special = false;
    for (int k = 0; k < 8; k++) {
      F x;
      x.__x = (unsigned char)(i / 8 * 8 + k);
      if (k != i % 8 && !std::isfinite((float)x)) special = true;
    }
    if (special || std::isnan(want))
      ok &= std::isnan(D[i]);
    else
      ok &= D[i] == want;
  }
  CHECK(name, ok);
}
int main() {
  DeviceBuffer<int> ar(1);
  arch<<<1, 1>>>(ar);
  int have = ar.get()[0];
  test<h_k16_f32>(have);
  test<h_k16_f16>(have);
  test<h_k8_f32>(have);
  test<h_k8_f16>(have);
  test<b_k16>(have);
  test<b_k8>(have);
  test<t_k8>(have);
  test<t_k4>(have);
  test<i_k32_ss>(have);
  test<i_k32_us>(have);
  test<i_k32_su>(have);
  test<i_k16_uu>(have);
  test<i_k16_ss>(have);
  test<i_m8>(have);
  test<i_sat>(have);
  test<q_k32>(have);
  test<q_k64>(have);
  test<q_m8>(have);
  test<e_44>(have);
  test<e_55>(have);
  test<e_45>(have);
  test<e_54h>(have);
  test<e_k16>(have);
  test<d_k4>(have);
  test<d16_k4>(have);
  test<d16_k8>(have);
  test<d16_k16>(have);
  codes<e_44>(have, "mma reads all 256 codes of e4m3");
  codes<e_55>(have, "mma reads all 256 codes of e5m2");
  {
    DeviceBuffer<float> o(128);
    special<<<1, 32>>>(o);
    auto v = o.get();
    u32 n;
    memcpy(&n, &v[0], 4);
    CHECK("mma with NaN and infinity, accumulating in place",
          n == 0x7fffffff && std::isinf(v[4 * 4]) && v[8 * 4] == 17 && v[8 * 4 + 1] == 18 &&
              v[0 * 4 + 2] == 19 && v[31 * 4 + 3] == 20);
  }
  return 0;
}

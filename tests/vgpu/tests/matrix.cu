// ldmatrix, stmatrix, movmatrix; a bf16 GEMM and a FlashAttention forward built from cp.async,
// ldmatrix and mma.sync.
#include <cmath>
#include <ctime>
#include <cuda_bf16.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vgpu/tests/matrix_product.cuh"
#include "tests/vgpu/tests/temporary_file.h"
// ---- FlashAttention-2 forward, head dimension 64, blocks of 64 queries and 64 keys, four warps
// ----
constexpr int D = 64;
template <bool CAUSAL>
__global__ void __launch_bounds__(128)
    flash(const bf16* Q, const bf16* Kp, const bf16* V, bf16* O, float* L, int n, float scale) {
  __shared__ __align__(128) bf16 sq[64 * D], sk[2][64 * D], sv[2][64 * D];
  auto at = [](int row, int chunk) {
    return (row * 8 + (chunk ^ (row & 7))) * 16;
  };  // a row is 128 bytes
  const int t = threadIdx.x, lane = t & 31, warp = t >> 5, q0 = blockIdx.x * 64;
  const size_t head = (size_t)blockIdx.y * n * D;
  auto load = [&](const bf16* src, bf16* dst, int row0) {
    for (int i = 0; i < 4; i++) {
      int row = t / 8 + 16 * i, ch = t & 7;
      cp16(smem(dst) + at(row, ch), src + head + (size_t)(row0 + row) * D + ch * 8);
    }
  };
  const int blocks = CAUSAL ? blockIdx.x + 1 : n / 64;
  load(Q, sq, q0);
  load(Kp, sk[0], 0);
  commit();
  load(V, sv[0], 0);
  commit();
  u32 fq[4][4];
  float o[8][4] = {}, mx[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0};
  for (int j = 0; j < blocks; j++) {
    const int st = j & 1;
    wait<1>();
    __syncthreads();  // K of this block is here, and nobody uses the other stage any more
    if (j == 0)
      for (int k = 0; k < 4; k++)
        ldm4(fq[k], smem(sq) + at(warp * 16 + (lane & 15), k * 2 + (lane >> 4)));
    if (j + 1 < blocks) load(Kp, sk[st ^ 1], (j + 1) * 64);
    commit();
    float s[8][4] = {};
    for (int k = 0; k < 4; k++)
      for (int c = 0; c < 4; c++) {
        u32 b[4];
        ldm4(b, smem(sk[st]) + at(c * 16 + (lane & 7) + (lane >> 4 << 3), k * 2 + (lane >> 3 & 1)));
        mma(s[2 * c], fq[k], b[0], b[1]);
        mma(s[2 * c + 1], fq[k], b[2], b[3]);
      }
    const bool diagonal = CAUSAL && j == blocks - 1;
    for (int h = 0; h < 2; h++) {
      const int row = q0 + warp * 16 + lane / 4 + 8 * h;
      float m = mx[h];
      for (int c = 0; c < 8; c++)
        for (int e = 0; e < 2; e++) {
          float& x = s[c][2 * h + e];
          x *= scale;
          if (diagonal && j * 64 + c * 8 + lane % 4 * 2 + e > row) x = -INFINITY;
          m = fmaxf(m, x);
        }
      m = fmaxf(m, __shfl_xor_sync(~0u, m, 1));
      m = fmaxf(m, __shfl_xor_sync(~0u, m, 2));
      const float f = exp2f(mx[h] - m);
      mx[h] = m;
      float z = 0;
      for (int c = 0; c < 8; c++)
        for (int e = 0; e < 2; e++) {
          float& x = s[c][2 * h + e];
          x = exp2f(x - m);
          z += x;
        }
      z += __shfl_xor_sync(~0u, z, 1);
      z += __shfl_xor_sync(~0u, z, 2);
      sum[h] = sum[h] * f + z;
      for (int c = 0; c < 8; c++)
        for (int e = 0; e < 2; e++) o[c][2 * h + e] *= f;
    }
    wait<1>();
    __syncthreads();  // V of this block
    if (j + 1 < blocks) load(V, sv[st ^ 1], (j + 1) * 64);
    commit();
    for (int k = 0; k < 4; k++) {
      u32 p[4];
      for (int r = 0; r < 4; r++) {
        __nv_bfloat162 v =
            __floats2bfloat162_rn(s[2 * k + r / 2][r % 2 * 2], s[2 * k + r / 2][r % 2 * 2 + 1]);
        p[r] = *(u32*)&v;
      }
      for (int c = 0; c < 4; c++) {
        u32 b[4];
        ldm4t(b, smem(sv[st]) + at(k * 16 + (lane & 15), c * 2 + (lane >> 4)));
        mma(o[2 * c], p, b[0], b[1]);
        mma(o[2 * c + 1], p, b[2], b[3]);
      }
    }
  }
  for (int h = 0; h < 2; h++) {
    const int row = q0 + warp * 16 + lane / 4 + 8 * h;
    const float r = 1.f / sum[h];
    if (lane % 4 == 0) L[(size_t)blockIdx.y * n + row] = mx[h] + log2f(sum[h]);
    for (int c = 0; c < 8; c++)
      *(__nv_bfloat162*)&O[head + (size_t)row * D + c * 8 + lane % 4 * 2] =
          __floats2bfloat162_rn(o[c][2 * h] * r, o[c][2 * h + 1] * r);
  }
}
template <bool CAUSAL>
void check_flash(const char* name) {
  const int n = 256, heads = 3;
  const double scale = 1 / std::sqrt((double)D);
  std::vector<bf16> q(heads * n * D), k(q.size()), v(q.size());
  for (auto& x : q) x = __float2bfloat16(3 * __bfloat162float(rnd()));
  for (auto& x : k) x = rnd();
  for (auto& x : v) x = rnd();
  DeviceBuffer dq(q);
  DeviceBuffer dk(k);
  DeviceBuffer dv(v);
  DeviceBuffer<bf16> o(q.size());
  DeviceBuffer<float> l(heads * n);
  flash<CAUSAL>
      <<<dim3(n / 64, heads), 128>>>(dq, dk, dv, o, l, n, (float)(scale * 1.4426950408889634));
  auto O = o.get();
  auto L = l.get();
  double worst = 0, wl = 0;
  for (int h = 0; h < heads; h++)
    for (int i = 0; i < n; i++) {
      std::vector<double> s(n), out(D, 0);
      double m = -1e300, z = 0;
      const int end = CAUSAL ? i + 1 : n;
      for (int j = 0; j < end; j++) {
        double t = 0;
        for (int d = 0; d < D; d++)
          t += (double)__bfloat162float(q[(h * n + i) * D + d]) *
               __bfloat162float(k[(h * n + j) * D + d]);
        s[j] = t * scale;
        m = std::max(m, s[j]);
      }
      for (int j = 0; j < end; j++) {
        s[j] = std::exp(s[j] - m);
        z += s[j];
        for (int d = 0; d < D; d++) out[d] += s[j] * __bfloat162float(v[(h * n + j) * D + d]);
      }
      for (int d = 0; d < D; d++)
        worst = std::max(worst, std::fabs(__bfloat162float(O[(h * n + i) * D + d]) - out[d] / z));
      wl = std::max(wl, std::fabs(L[h * n + i] * std::log(2.0) - (m + std::log(z))));
    }
  if (!(worst < 8e-3 && wl < 1e-4)) printf("# errors %g %g\n", worst, wl);
  CHECK(name, worst < 8e-3 && wl < 1e-4);
}

// ---- counters: run in a child, read its report ----
static double field(const std::string& s, const char* section, const char* key) {
  size_t p = s.find(std::string("\"") + section + "\"");
  if (p == std::string::npos) return -1;
  p = s.find(std::string("\"") + key + "\": ", p);
  return p == std::string::npos ? -1 : atof(s.c_str() + p + strlen(key) + 4);
}
struct Arguments {
  float values[4];
};
__global__ void read_argument(Arguments arguments, float* to) {
  to[threadIdx.x] = arguments.values[blockIdx.x];
}
int counted() {
  const int n = 256, K = 128;
  std::vector<bf16> a(n * K), b(n * K);
  for (auto& v : a) v = rnd();
  for (auto& v : b) v = rnd();
  DeviceBuffer dA(a);
  DeviceBuffer dB(b);
  DeviceBuffer<float> c(n * n);
  run_gemm<true>(dA, dB, c, n, n, K);
  run_gemm<false>(dA, dB, c, n, n, K);
  DeviceBuffer<bf16> q(4 * 64 * D), o(4 * 64 * D);
  DeviceBuffer<float> l(256);
  flash<false><<<dim3(4, 1), 128>>>(q, q, q, o, l, 256, 1.f);
  read_argument<<<4, 32>>>(Arguments{{1, 2, 3, 4}}, l);
  return cudaDeviceSynchronize();
}
void check_counters() {
  const std::string file = temporary_file();
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    setenv("VGPU_REPORT", file.c_str(), 1);
    execl("/proc/self/exe", "matrix", "counted", nullptr);
    _exit(1);
  }
  int st;
  waitpid(pid, &st, 0);
  std::string s = read_and_remove(file), sw, un, fl, argument;
  for (size_t p = 0; (p = s.find("{\"name\"", p)) != std::string::npos; p++) {
    std::string k = s.substr(p, s.find("{\"name\"", p + 1) - p);
    if (k.find("gemm<true>") != std::string::npos)
      sw = k;
    else if (k.find("gemm<false>") != std::string::npos)
      un = k;
    else if (k.find("read_argument") != std::string::npos)
      argument = k;
    else
      fl = k;
  }
  const double flops = 2.0 * 256 * 256 * 128, blocks = 4, steps = 4;
  CHECK("GEMM: tensor flops", field(sw, "name", "tensor_flops") == flops);
  // ldmatrix: 8 warps, 12 per step of four matrices; the least is one wavefront per matrix.
  const double ideal = blocks * steps * 8 * 12 * 4, wave = field(sw, "shared_load", "wavefronts");
  CHECK("GEMM, swizzled: ldmatrix without bank conflicts",
        field(sw, "shared_load", "ideal") == ideal && wave == ideal);
  CHECK("GEMM, swizzled: cp.async without bank conflicts",
        field(sw, "shared_store", "ideal") == blocks * steps * 8 * 4 * 4 &&
            field(sw, "shared_store", "wavefronts") == field(sw, "shared_store", "ideal"));
  CHECK("GEMM, not swizzled: ldmatrix with four-way bank conflicts",
        field(un, "shared_load", "ideal") == ideal &&
            field(un, "shared_load", "wavefronts") == 4 * ideal);
  CHECK("GEMM: cp.async global sectors",
        field(sw, "global_load", "bytes") == blocks * steps * 256 * 64 &&
            field(sw, "global_load", "sectors") == blocks * steps * 256 * 2);
  CHECK("arguments that are read by an index: no loads from global memory",
        field(argument, "lanes_by_class", "param_ld") > 0 &&
            field(argument, "global_load", "requests") == 0 &&
            field(argument, "global_store", "sectors") == 16);
  CHECK("FlashAttention: no bank conflicts",
        field(fl, "shared_load", "wavefronts") == field(fl, "shared_load", "ideal") &&
            field(fl, "shared_store", "wavefronts") == field(fl, "shared_store", "ideal") &&
            field(fl, "shared_load", "ideal") > 0);
  CHECK("FlashAttention: tensor flops", field(fl, "name", "tensor_flops") == 4.0 * 256 * 256 * D);
}

void check_race() {
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    setenv("VGPU_RACE", "2", 1);
    setenv("VGPU_SCHED", "random:5", 1);
    execl("/proc/self/exe", "matrix", "counted", nullptr);
    _exit(1);
  }
  int st;
  waitpid(pid, &st, 0);
  CHECK("GEMM and FlashAttention: the race check is silent", WIFEXITED(st) && WEXITSTATUS(st) == 0);
}
// "matrix bench [n]": times, for one GEMM of n^3 and its parts
__global__ void mma_loop(float* o, int n) {
  float d[8][4] = {};
  u32 a[4] = {threadIdx.x, 1, 2, 3};
  for (int i = 0; i < n; i++)
    for (int k = 0; k < 8; k++) mma(d[k], a, 5, 6);
  float s = 0;
  for (auto& r : d)
    for (float x : r) s += x;
  o[threadIdx.x] = s;
}
__global__ void ldm_loop(u32* o, int n) {
  __shared__ __align__(16) char s[4096];
  u32 x = 0, a = smem(s) + threadIdx.x * 16;
  for (int i = 0; i < n; i++) {
    u32 r[4];
    ldm4(r, a);
    x ^= r[0] ^ r[1] ^ r[2] ^ r[3];
    ldm4t(r, a + 512);
    x ^= r[0] ^ r[1] ^ r[2] ^ r[3];
  }
  o[threadIdx.x] = x;
}
__global__ void cp_loop(const char* p, int n) {
  __shared__ __align__(16) char s[4096];
  u32 a = smem(s) + threadIdx.x * 16;
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < 4; k++) cp16(a + 512 * k, p + threadIdx.x * 16 + 512 * k);
    commit();
    wait<0>();
  }
}
template <class F>
double ms(F f) {
  f();
  cudaDeviceSynchronize();
  double best = 1e30;
  for (int i = 0; i < 3; i++) {
    timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    f();
    cudaDeviceSynchronize();
    clock_gettime(CLOCK_MONOTONIC, &b);
    best = std::min(best, (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) * 1e-6);
  }
  return best;
}
int bench(int n) {
  DeviceBuffer<float> o(4096);
  const int it = 20000;
  printf("mma.m16n8k16.bf16  %6.1f ns\n", ms([&] { mma_loop<<<1, 32>>>(o, it / 8); }) * 1e6 / it);
  printf("ldmatrix.x4        %6.1f ns\n",
         ms([&] { ldm_loop<<<1, 32>>>((u32*)o.p, it / 2); }) * 1e6 / it);
  printf("cp.async 16        %6.1f ns (with its share of commit and wait)\n",
         ms([&] { cp_loop<<<1, 32>>>((const char*)o.p, it / 4); }) * 1e6 / it);
  DeviceBuffer<bf16> a((size_t)n * n), b((size_t)n * n);
  DeviceBuffer<float> c((size_t)n * n);
  double t = ms([&] { run_gemm<true>(a, b, c, n, n, n); });
  printf("bf16 GEMM %d^3   %6.1f ms, %.1f Gflop/s\n", n, t, 2.0 * n * n * n / t * 1e-6);
  DeviceBuffer<bf16> q((size_t)8 * 1024 * D), oo((size_t)8 * 1024 * D);
  DeviceBuffer<float> l(8 * 1024);
  t = ms([&] { flash<false><<<dim3(16, 8), 128>>>(q, q, q, oo, l, 1024, 1.f); });
  printf("flash forward 8 heads x 1024 x 64   %6.1f ms, %.1f Gflop/s\n", t,
         4.0 * 8 * 1024 * 1024 * D / t * 1e-6);
  return 0;
}
int main(int argc, char** argv) {
  if (argc > 1 && !strcmp(argv[1], "bench")) return bench(argc > 2 ? atoi(argv[2]) : 1024);
  if (argc > 1) return counted();
  {
    std::vector<uint16_t> in(32 * 24);
    for (size_t i = 0; i < in.size(); i++) in[i] = (uint16_t)(i * 40503u);
    DeviceBuffer<uint16_t> d(in);
    DeviceBuffer<u32> o(512);
    ld_all<<<1, 32>>>(d, o);
    auto v = o.get();
    auto row = [&](int r, int c) { return (u32)in[r * 24 + c]; };
    auto plain = [&](int mat, int l, int off = 0) {
      return row(mat * 8 + l / 4, off + l % 4 * 2) | row(mat * 8 + l / 4, off + l % 4 * 2 + 1)
                                                         << 16;
    };
    auto trans = [&](int mat, int l) {
      return row(mat * 8 + l % 4 * 2, l / 4) | row(mat * 8 + l % 4 * 2 + 1, l / 4) << 16;
    };
    bool x1 = true, x1t = true, x2 = true, x2t = true, x4 = true, x4t = true, mv = true,
         alias = true;
    for (int l = 0; l < 32; l++) {
      x1 &= v[l] == plain(0, l);
      x1t &= v[32 + l] == trans(0, l);
      mv &= v[448 + l] == plain(1, l);
      alias &= v[480 + l] == plain(0, l);
      for (int k = 0; k < 2; k++) {
        x2 &= v[64 + 32 * k + l] == plain(k, l, 8);
        x2t &= v[128 + 32 * k + l] == trans(k, l);
      }
      for (int k = 0; k < 4; k++) {
        x4 &= v[192 + 32 * k + l] == plain(k, l);
        x4t &= v[320 + 32 * k + l] == trans(k, l);
      }
    }
    CHECK("ldmatrix.x1", x1);
    CHECK("ldmatrix.x1.trans", x1t);
    CHECK("ldmatrix.x2", x2);
    CHECK("ldmatrix.x2.trans, generic address", x2t);
    CHECK("ldmatrix.x4", x4);
    CHECK("ldmatrix.x4.trans", x4t);
    CHECK("movmatrix undoes .trans", mv);
    CHECK("ldmatrix into its address register", alias);
  }
  {
    std::vector<u32> in(128);
    for (auto& v : in) v = rng();
    DeviceBuffer<u32> d(in);
    DeviceBuffer<uint16_t> o(6 * 256);
    st_all<<<1, 32>>>(d, o);
    auto v = o.get();
    if (v[0] || v[1] || v[2] || v[3]) {  // compute_90 only
      auto half = [&](int mat, int r, int c) {
        return (uint16_t)(in[mat * 32 + r * 4 + c / 2] >> (c % 2 * 16));
      };
      bool ok[6] = {true, true, true, true, true, true};
      const int n[6] = {4, 4, 2, 2, 1, 1};
      for (int m = 0; m < 6; m++)
        for (int mat = 0; mat < 4; mat++)
          for (int r = 0; r < 8; r++)
            for (int c = 0; c < 8; c++)
              ok[m] &= v[m * 256 + mat * 64 + r * 8 + c] == (mat >= n[m] ? 0xeeee
                                                             : m % 2     ? half(mat, c, r)
                                                                         : half(mat, r, c));
      CHECK("stmatrix.x4", ok[0]);
      CHECK("stmatrix.x4.trans", ok[1]);
      CHECK("stmatrix.x2", ok[2]);
      CHECK("stmatrix.x2.trans", ok[3]);
      CHECK("stmatrix.x1", ok[4]);
      CHECK("stmatrix.x1.trans, generic address", ok[5]);
    }
  }
  check_gemm<true>("bf16 GEMM, swizzled");
  check_gemm<false>("bf16 GEMM, not swizzled");
  check_flash<false>("FlashAttention forward");
  check_flash<true>("FlashAttention forward, causal");
  check_counters();
  check_race();
  return 0;
}

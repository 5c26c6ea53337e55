// Arithmetic-free basics: launches, shared memory, divergence, atomics, warp operations, calls,
// memory spaces.
#include <algorithm>
#include <numeric>

#include "tests/vgpu/tests/basic_kernels.cuh"
int main() {
  const int n = 10000;
  std::mt19937 rng(1);
  std::vector<float> a(n), b(n);
  for (auto& v : a) v = (int)(rng() % 2001) - 1000;
  for (auto& v : b) v = (int)(rng() % 2001) - 1000;
  DeviceBuffer<float> da(a), db(b), dc(n);
  vadd<<<(n + 255) / 256, 256>>>(da, db, dc, n);
  CHECK_CUDA(cudaGetLastError());
  auto c = dc.get();
  bool ok = true;
  for (int i = 0; i < n; i++) ok &= c[i] == a[i] + b[i];
  CHECK("vector add", ok);
  DeviceBuffer<float> part(7);
  block_sum<<<7, 256>>>(da, part, n);
  {
    auto p = part.get();
    double s = 0, t = 0;
    for (auto v : p) s += v;
    for (auto v : a) t += v;
    CHECK("block reduction", s == t);
  }
  {
    const int m = 96;
    std::vector<float> x(m * m), y(m * m);
    for (auto& v : x) v = (int)(rng() % 7) - 3;
    for (auto& v : y) v = (int)(rng() % 7) - 3;
    DeviceBuffer<float> dx(x), dy(y), dz(m * m);
    matmul<16><<<dim3(m / 16, m / 16), dim3(16, 16)>>>(dx, dy, dz, m);
    auto z = dz.get();
    ok = true;
    for (int i = 0; i < m; i++)
      for (int j = 0; j < m; j++) {
        float s = 0;
        for (int k = 0; k < m; k++) s += x[i * m + k] * y[k * m + j];
        ok &= s == z[i * m + j];
      }
    CHECK("tiled matmul", ok);
    matmul<32><<<dim3(m / 32, m / 32), dim3(32, 32)>>>(dx, dy, dz, m);
    CHECK("tiled matmul 32", dz.get() == z);
  }
  {
    DeviceBuffer<int> o(1000);
    divergent<<<8, 128>>>(o, 1000, 60);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 1000; i++) ok &= v[i] == (i % 5 == 4 ? -7 : collatz(i + 1, 60));
    CHECK("divergent loops", ok);
  }
  {
    std::vector<unsigned char> x(20000);
    for (auto& v : x) v = (rng() & rng()) & 255;
    std::vector<unsigned> r(256);
    for (auto v : x) r[v]++;
    DeviceBuffer<unsigned char> dx(x);
    DeviceBuffer<unsigned> g(256), g2(256);
    histogram<<<5, 192>>>(dx, 20000, g, g2);
    CHECK("histogram shared", g.get() == r);
    CHECK("histogram global", g2.get() == r);
  }
  {
    std::vector<float> p(n);
    for (int i = 0; i < n; i++) p[i] = std::abs(a[i]) + i * 1e-3f;
    DeviceBuffer<float> dp(p);
    DeviceBuffer<int> best(1);
    cas_max<<<(n + 127) / 128, 128>>>(dp, n, best);
    int v = best.get()[0];
    float f;
    memcpy(&f, &v, 4);
    CHECK("atomicCAS max", f == *std::max_element(p.begin(), p.end()));
  }
  {
    DeviceBuffer<int> cnt(1);
    spinlock<<<4, 96>>>(cnt);
    CHECK("spin lock inside warps", cnt.get()[0] == 4 * 96);
  }
  {
    DeviceBuffer<int> fl(1), o(32);
    spin_within_warp<<<1, 32>>>(fl, o);
    CHECK("lane waits for lane", o.get()[1] == 128);
  }
  {
    DeviceBuffer<int> o(5);
    DeviceBuffer<unsigned> u(std::vector<unsigned>{~0u, 0, 0, 0, 0});
    DeviceBuffer<float> f(1);
    DeviceBuffer<double> d(1);
    DeviceBuffer<unsigned long long> q(2);
    atomics<<<3, 64>>>(o, u, f, d, q);
    int N = 192;
    auto O = o.get();
    auto U = u.get();
    unsigned x = 0;
    int mx = 0, mn = 0;
    for (int i = 0; i < N; i++) {
      x ^= i;
      mx = std::max(mx, i * 7 % 101 - 50);
      mn = std::min(mn, i * 7 % 101 - 50);
    }
    CHECK("atomics int",
          O[0] == N * (N - 1) / 2 && O[1] == -O[0] && O[2] == mx && O[3] == mn && O[4] == 9);
    CHECK("atomics bits", U[0] == 0 && U[1] == ~0u && U[2] == x);
    CHECK("atomics inc/dec", U[3] == 192 % 10 && U[4] == (10 - 192 % 10) % 10);
    CHECK("atomics float", f.get()[0] == 96.f && d.get()[0] == 48.0);
    CHECK("atomics 64", q.get()[0] == 192ull << 33 && q.get()[1] == 191ull << 32);
  }
  {
    DeviceBuffer<unsigned> o(448);
    warp_ops<<<1, 32>>>(o);
    auto v = o.get();
    unsigned bal = 0, bal2 = 0, rx = 0;
    for (unsigned l = 0; l < 32; l++) {
      bal |= (l % 3 == 0) << l;
      if (!(l & 1) && l > 10) bal2 |= 1u << l;
      rx ^= l * 17;
    }
    bool k[14];
    for (auto& z : k) z = true;
    for (unsigned l = 0; l < 32; l++) {
      k[0] &= v[l] == bal;
      k[1] &= v[32 + l] == 6;
      unsigned m = 0;
      for (unsigned j = 0; j < 32; j++) m |= (j / 5 == l / 5) << j;
      k[2] &= v[64 + l] == m;
      k[3] &= v[96 + l] == 0;
      k[4] &= v[128 + l] == ((l + 5) & 31) * 3;
      k[5] &= v[160 + l] == (l < 3 ? l : l - 3);
      k[6] &= v[192 + l] == ((l & 7) + 3 > 7 ? l : l + 3);
      k[7] &= v[224 + l] == (l ^ 5);
      k[8] &= v[256 + l] == ~0u;
      k[9] &= v[288 + l] == (l & 1 ? 1 : bal2);
      k[10] &= v[320 + l] == 496 + 31 + rx;
      k[11] &= v[352 + l] == (l < 9 ? 4 : 20);
      k[12] &= (int)v[384 + l] == -10;
      k[13] &= v[416 + l] == 3;
    }
    const char* nm[14] = {
        "ballot",  "any/all",          "match any",        "match all",  "shfl idx",
        "shfl up", "shfl down w8",     "shfl xor",         "activemask", "divergent collectives",
        "redux",   "two member masks", "redux min signed", "vote uni"};
    for (int i = 0; i < 14; i++) CHECK(nm[i], k[i]);
  }
  {
    DeviceBuffer<int> o(128);
    calls<<<1, 64>>>(o);
    auto v = o.get();
    ok = true;
    int fibs[13] = {0, 1};
    for (int i = 2; i < 13; i++) fibs[i] = fibs[i - 1] + fibs[i - 2];
    for (int i = 0; i < 64; i++) {
      ok &= v[i] == (i % 3 ? -1 : fibs[i % 13]);
      int a0 = (i + (0 + i) % 6) * 2, a5 = (i + (5 + i) % 6) * 2;
      ok &= v[64 + i] == a0 + a5 * 100 + (int)((i * 0.5 + i) * 2);
    }
    CHECK("recursion and struct arguments", ok);
  }
  {
    DeviceBuffer<int> o(32);
    fptr<<<1, 32>>>(o);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 32; i++) ok &= v[i] == (i % 3 == 0 ? i + 7 : i % 3 == 1 ? i * 7 : i - 7);
    CHECK("function pointers", ok);
  }
  {
    DeviceBuffer<int> o(64);
    local_array<<<1, 64>>>(o, 100);
    auto v = o.get();
    ok = true;
    for (int t = 0; t < 64; t++) {
      int q[32];
      for (int i = 0; i < 32; i++) q[i] = i * i + t;
      int s = 0;
      for (int i = 0; i < 100; i++) {
        s += q[(i * 7 + t) & 31];
        q[s & 31] ^= i;
      }
      ok &= v[t] == s;
    }
    CHECK("local arrays", ok);
  }
  {
    std::vector<int> x(64);
    for (int i = 0; i < 64; i++) x[i] = rng() % 12;
    DeviceBuffer<int> dx(x), o(64);
    switch_table<<<1, 64>>>(dx, o);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 64; i++) {
      int q = x[i], r;
      switch (q) {
        case 0:
          r = 11;
          break;
        case 1:
          r = q * 3 + 5;
          break;
        case 2:
          r = -4;
          break;
        case 3:
        case 4:
          r = 7 + q;
          break;
        case 5:
          r = i;
          break;
        case 6:
          r = 66;
          break;
        case 7:
          r = q << 5;
          break;
        case 8:
          r = 3;
          break;
        case 9:
          r = 2;
          break;
        default:
          r = -1;
      }
      ok &= v[i] == r;
    }
    CHECK("switch table", ok);
  }
  {
    std::vector<int> t(64);
    for (int i = 0; i < 64; i++) t[i] = i * i;
    CHECK_CUDA(cudaMemcpyToSymbol(c_table, t.data(), 256));
    DeviceBuffer<int> o(64);
    DeviceBuffer<float> f(3);
    m_var = 9;
    spaces<<<1, 64>>>(o, f);
    CHECK_CUDA(cudaDeviceSynchronize());
    auto v = o.get();
    ok = true;
    for (int i = 2; i < 64; i += 2) ok &= v[i] == i * i + (i & 3) + 1 + 3 + 9;
    CHECK("constant and device variables", ok);
    int back[4];
    CHECK_CUDA(cudaMemcpyFromSymbol(back, d_var, 16));
    CHECK("symbols", back[1] == 77 && back[3] == 4);
    CHECK("managed variable", m_var == 6);
    auto ff = f.get();
    CHECK("initialisers", ff[0] == 1.5f && ff[1] == -2.5f && ff[2] == 1e-40f);
  }
  {
    int m = 50000;
    CHECK("48 KB limit",
          (big_shared<<<1, 256, m * 4>>>(nullptr, m), cudaGetLastError() == cudaErrorInvalidValue));
    m = 25000;
    CHECK_CUDA(
        cudaFuncSetAttribute(big_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, m * 4));
    DeviceBuffer<int> o(1);
    big_shared<<<1, 256, m * 4>>>(o, m);
    CHECK_CUDA(cudaGetLastError());
    CHECK("dynamic shared 100 KB", o.get()[0] == (int)(3ull * m * (m - 1) / 2));
  }
  {
    std::vector<int> g(32);
    std::iota(g.begin(), g.end(), 500);
    DeviceBuffer<int> dg(g), o(32);
    generic_ptr<<<1, 32>>>(dg, o);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 32; i++) {
      int l[4] = {i, 2, 3, 4};
      ok &= v[i] == (i % 3 == 0   ? 2000 + 501 + i
                     : i % 3 == 1 ? 1000 + i * 10 + 1
                                  : 4000 + l[i & 3] + 1);
    }
    CHECK("generic pointers", ok);
  }
  {
    std::vector<float4> x(32);
    std::vector<short4> s(32);
    std::vector<uchar4> u(32);
    std::vector<double2> d(32);
    for (int i = 0; i < 32; i++) {
      x[i] = make_float4(i, i + .25f, i + .5f, i + .75f);
      s[i] = make_short4(i, -i, 2 * i, 3);
      u[i] = make_uchar4(i, 200, 7, 255);
      d[i] = make_double2(i, -i);
    }
    DeviceBuffer<float4> dx(x), o(32);
    DeviceBuffer<short4> ds(s), so(32);
    DeviceBuffer<uchar4> du(u);
    DeviceBuffer<int> co(32);
    DeviceBuffer<double2> d1(d), d2(32);
    vectors<<<1, 32>>>(dx, o, ds, so, du, co, d1, d2);
    auto v = o.get();
    auto w = so.get();
    auto cc = co.get();
    auto e = d2.get();
    ok = true;
    for (int i = 0; i < 32; i++) {
      auto q = x[i ^ 1];
      ok &= v[i].x == q.w && v[i].y == q.z && v[i].z == q.y && v[i].w == q.x + i && w[i].x == 3 &&
            w[i].y == i && w[i].z == -i && w[i].w == 2 * i && cc[i] == i + 400 + 21 + 1020 &&
            e[i].x == -(31 - i) && e[i].y == 31 - i;
    }
    CHECK("vector loads and stores", ok);
  }
  {
    DeviceBuffer<int> o(256);
    pipeline<<<1, 128>>>(o);
    auto v = o.get();
    ok = true;
    for (int k = 0; k < 4; k++)
      for (int i = 0; i < 64; i++) ok &= v[k * 64 + i] == k * 100 + i;
    CHECK("named barriers", ok);
  }
  {
    DeviceBuffer<int> o(256);
    bar_red<<<1, 256>>>(o);
    auto v = o.get();
    ok = true;
    for (auto x : v) ok &= x == 86 + 1000 + 2000;
    CHECK("barrier reductions", ok);
  }
  {
    DeviceBuffer<int> o(128);
    early_exit_barrier<<<1, 128>>>(o);
    auto v = o.get();
    ok = true;
    for (int i = 0; i < 128; i++) ok &= v[i] == (i < 70 ? 5 : 0);
    CHECK("barrier with exited threads", ok);
  }
  {
    DeviceBuffer<unsigned> o(2 * 3 * 2 * 5 * 3 * 4);
    ids<<<dim3(2, 3, 2), dim3(5, 3, 4)>>>(o);
    auto v = o.get();
    ok = true;
    for (auto x : v) ok &= x == 15;
    CHECK("thread and block ids", ok);
  }
  return 0;
}

// Thrust algorithms against the standard library.
#include <algorithm>
#include <numeric>
#include <thrust/copy.h>
#include <thrust/device_vector.h>
#include <thrust/functional.h>
#include <thrust/host_vector.h>
#include <thrust/reduce.h>
#include <thrust/scan.h>
#include <thrust/sort.h>
#include <thrust/transform_reduce.h>
#include <thrust/unique.h>

#include "tests/vgpu/tests/check.h"
struct Odd {
  __host__ __device__ bool operator()(int x) const { return x & 1; }
};
struct Square {
  __host__ __device__ double operator()(float x) const { return (double)x * x; }
};
int main() {
  std::mt19937_64 rng(5);
  for (int n : {1, 1000, 100000, 500000}) {
    std::string tag = " n=" + std::to_string(n);
    auto name = [&](const char* s) {
      static std::string r;
      r = s + tag;
      return r.c_str();
    };
    std::vector<int> a(n);
    for (auto& v : a) v = (int)rng();
    {
      thrust::device_vector<int> d(a.begin(), a.end());
      thrust::sort(d.begin(), d.end());
      auto r = a;
      std::sort(r.begin(), r.end());
      std::vector<int> g(n);
      thrust::copy(d.begin(), d.end(), g.begin());
      CHECK(name("thrust::sort int"), g == r);
    }
    {
      std::vector<unsigned long long> k(n);
      for (auto& v : k) v = rng() % (n / 3 + 1) << 20;
      std::vector<int> idx(n);
      std::iota(idx.begin(), idx.end(), 0);
      thrust::device_vector<unsigned long long> dk(k.begin(), k.end());
      thrust::device_vector<int> dv(idx.begin(), idx.end());
      thrust::stable_sort_by_key(dk.begin(), dk.end(), dv.begin());
      std::stable_sort(idx.begin(), idx.end(), [&](int x, int y) { return k[x] < k[y]; });
      std::vector<int> g(n);
      thrust::copy(dv.begin(), dv.end(), g.begin());
      CHECK(name("thrust::stable_sort_by_key u64"), g == idx);
    }
    {
      std::vector<unsigned long long> k(n);
      for (auto& v : k) v = rng();
      thrust::device_vector<unsigned long long> d(k.begin(), k.end());
      thrust::sort(d.begin(), d.end(), thrust::greater<unsigned long long>());
      std::sort(k.begin(), k.end(), std::greater<>());
      std::vector<unsigned long long> g(n);
      thrust::copy(d.begin(), d.end(), g.begin());
      CHECK(name("thrust::sort u64 descending"), g == k);
    }
    {
      std::vector<int> s(n);
      for (auto& v : s) v = rng() % 50;
      std::sort(s.begin(), s.end());
      for (size_t i = 1; i + 1 < s.size(); i += 97) s[i] = s[i - 1] ^ 64;
      thrust::device_vector<int> d(s.begin(), s.end());
      auto e = thrust::unique(d.begin(), d.end());
      auto r = s;
      r.erase(std::unique(r.begin(), r.end()), r.end());
      std::vector<int> g(e - d.begin());
      thrust::copy(d.begin(), e, g.begin());
      CHECK(name("thrust::unique"), g == r);
      // reduce_by_key over the runs of s
      thrust::device_vector<int> dk(s.begin(), s.end()), dv(a.begin(), a.end()), ok(n), ov(n);
      auto pe = thrust::reduce_by_key(dk.begin(), dk.end(), dv.begin(), ok.begin(), ov.begin());
      std::vector<int> rk, rv;
      for (int i = 0; i < n; i++) {
        if (rk.empty() || rk.back() != s[i]) {
          rk.push_back(s[i]);
          rv.push_back(0);
        }
        rv.back() = (int)((unsigned)rv.back() + (unsigned)a[i]);
      }
      size_t m = pe.first - ok.begin();
      std::vector<int> gk(m), gv(m);
      thrust::copy(ok.begin(), pe.first, gk.begin());
      thrust::copy(ov.begin(), pe.second, gv.begin());
      CHECK(name("thrust::reduce_by_key"), gk == rk && gv == rv);
    }
    {
      thrust::device_vector<int> d(a.begin(), a.end()), o(n);
      thrust::inclusive_scan(d.begin(), d.end(), o.begin());
      std::vector<int> r(n), g(n);
      unsigned s = 0;
      for (int i = 0; i < n; i++) {
        s += (unsigned)a[i];
        r[i] = (int)s;
      }
      thrust::copy(o.begin(), o.end(), g.begin());
      CHECK(name("thrust::inclusive_scan"), g == r);
    }
    {
      std::vector<float> f(n);
      for (auto& v : f) v = (int)(rng() % 2000) - 1000;
      thrust::device_vector<float> d(f.begin(), f.end());
      double r = 0;
      for (auto v : f) r += (double)v * v;
      CHECK(
          name("thrust::transform_reduce"),
          thrust::transform_reduce(d.begin(), d.end(), Square(), 0.0, thrust::plus<double>()) == r);
    }
    {
      thrust::device_vector<int> d(a.begin(), a.end()), o(n);
      auto e = thrust::copy_if(d.begin(), d.end(), o.begin(), Odd());
      std::vector<int> r, g(e - o.begin());
      std::copy_if(a.begin(), a.end(), std::back_inserter(r), Odd());
      thrust::copy(o.begin(), e, g.begin());
      CHECK(name("thrust::copy_if"), g == r);
    }
  }
  return 0;
}

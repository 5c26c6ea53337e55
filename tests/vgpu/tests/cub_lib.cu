// CUB device-wide algorithms against the standard library.
#include <algorithm>
#include <cub/cub.cuh>
#include <numeric>

#include "tests/vgpu/tests/check.h"
template <class F>
void run(F f) {
  size_t n = 0;
  CHECK_CUDA(f((void*)nullptr, n));
  DeviceBuffer<char> t(n + 1);
  CHECK_CUDA(f((void*)t.p, n));
  CHECK_CUDA(cudaDeviceSynchronize());
}
struct Less {
  int t;
  __host__ __device__ bool operator()(const int& v) const { return v < t; }
};
int main() {
  std::mt19937_64 rng(7);
  for (int n : {100000, 1000000}) {
    std::string tag = " n=" + std::to_string(n);
    auto name = [&](const char* s) {
      static std::string r;
      r = s + tag;
      return r.c_str();
    };
    std::vector<int> a(n);
    for (auto& v : a) v = (int)(rng() % 1000000) - 500000;
    DeviceBuffer<int> da(a), o(n), cnt(1);
    {
      std::vector<unsigned> k(n), v(n);
      for (auto& x : k) x = (unsigned)rng() & 0xffffff;
      std::iota(v.begin(), v.end(), 0u);
      DeviceBuffer<unsigned> ki(k), vi(v), ko(n), vo(n);
      run([&](void* t, size_t& b) {
        return cub::DeviceRadixSort::SortPairs(t, b, ki.p, ko.p, vi.p, vo.p, n, 0, 24);
      });
      std::stable_sort(v.begin(), v.end(), [&](unsigned x, unsigned y) { return k[x] < k[y]; });
      CHECK(name("cub::DeviceRadixSort::SortPairs"), vo.get() == v);
    }
    {
      std::vector<double> k(n);
      for (auto& x : k) x = (double)(int64_t)rng() * 1e-9;
      DeviceBuffer<double> ki(k), ko(n);
      run([&](void* t, size_t& b) {
        return cub::DeviceRadixSort::SortKeysDescending(t, b, ki.p, ko.p, n);
      });
      std::sort(k.begin(), k.end(), std::greater<>());
      CHECK(name("cub::DeviceRadixSort doubles descending"), ko.get() == k);
    }
    {
      DeviceBuffer<long long> s(1);
      run([&](void* t, size_t& b) {
        return cub::DeviceReduce::Sum(t, b, da.p, (long long*)s.p, n);
      });
      long long r = 0;
      for (auto v : a) r += v;
      CHECK(name("cub::DeviceReduce::Sum"), (int)s.get()[0] == (int)r);
      run([&](void* t, size_t& b) { return cub::DeviceReduce::Max(t, b, da.p, o.p, n); });
      CHECK(name("cub::DeviceReduce::Max"), o.get()[0] == *std::max_element(a.begin(), a.end()));
      DeviceBuffer<int> least(1);
      DeviceBuffer<long long> index(1);
      run([&](void* t, size_t& b) {
        return cub::DeviceReduce::ArgMin(t, b, da.p, least.p, index.p, n);
      });
      const auto expected = std::min_element(a.begin(), a.end());
      CHECK(name("cub::DeviceReduce::ArgMin"),
            index.get()[0] == expected - a.begin() && least.get()[0] == *expected);
    }
    {
      run([&](void* t, size_t& b) { return cub::DeviceScan::ExclusiveSum(t, b, da.p, o.p, n); });
      std::vector<int> r(n);
      std::exclusive_scan(a.begin(), a.end(), r.begin(), 0);
      CHECK(name("cub::DeviceScan::ExclusiveSum"), o.get() == r);
    }
    {
      std::vector<long long> b64(n);
      for (auto& x : b64) x = (int64_t)rng() >> 20;
      DeviceBuffer<long long> bi(b64), bo(n);
      run([&](void* t, size_t& b) { return cub::DeviceScan::InclusiveSum(t, b, bi.p, bo.p, n); });
      std::vector<long long> r(n);
      std::partial_sum(b64.begin(), b64.end(), r.begin());
      CHECK(name("cub::DeviceScan::InclusiveSum 64-bit"), bo.get() == r);
    }
    {
      run([&](void* t, size_t& b) {
        return cub::DeviceSelect::If(t, b, da.p, o.p, cnt.p, n, Less{1234});
      });
      std::vector<int> r;
      for (auto v : a)
        if (v < 1234) r.push_back(v);
      auto g = o.get();
      g.resize(cnt.get()[0]);
      CHECK(name("cub::DeviceSelect::If"), g == r);
    }
    {
      std::vector<int> h(256);
      std::vector<unsigned char> c(n);
      for (auto& x : c) {
        x = (unsigned char)(rng() >> 20);
        h[x]++;
      }
      DeviceBuffer<unsigned char> dc(c);
      DeviceBuffer<int> dh(256);
      run([&](void* t, size_t& b) {
        return cub::DeviceHistogram::HistogramEven(t, b, dc.p, dh.p, 257, 0, 256, n);
      });
      CHECK(name("cub::DeviceHistogram"), dh.get() == h);
    }
    {
      std::vector<int> off(1001);
      for (int i = 0; i <= 1000; i++) off[i] = (int)((long long)n * i / 1000);
      DeviceBuffer<int> dof(off), so(1000);
      run([&](void* t, size_t& b) {
        return cub::DeviceSegmentedReduce::Sum(t, b, da.p, so.p, 1000, dof.p, dof.p + 1);
      });
      std::vector<int> r(1000);
      for (int i = 0; i < 1000; i++)
        r[i] = std::accumulate(a.begin() + off[i], a.begin() + off[i + 1], 0);
      CHECK(name("cub::DeviceSegmentedReduce"), so.get() == r);
    }
    {
      std::vector<int> k(n);
      for (auto& x : k) x = rng() % 3;
      DeviceBuffer<int> dk(k), u(n), c(n);
      run([&](void* t, size_t& b) {
        return cub::DeviceRunLengthEncode::Encode(t, b, dk.p, u.p, c.p, cnt.p, n);
      });
      std::vector<int> ru, rc;
      for (auto x : k) {
        if (ru.empty() || ru.back() != x) {
          ru.push_back(x);
          rc.push_back(0);
        }
        rc.back()++;
      }
      auto gu = u.get(), gc = c.get();
      gu.resize(cnt.get()[0]);
      gc.resize(cnt.get()[0]);
      CHECK(name("cub::DeviceRunLengthEncode"), gu == ru && gc == rc);
    }
  }
  return 0;
}

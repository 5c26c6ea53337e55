// Library code nobody here wrote: cuda::barrier, cuda::memcpy_async, cuda::pipeline, cuda::ptx.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cuda/barrier>
#include <cuda/latch>
#include <cuda/pipeline>
#include <cuda/ptx>
#include <cuda/semaphore>

#include "tests/vgpu/tests/hopper.h"
#pragma nv_diag_suppress static_var_with_dynamic_init
using bar = cuda::barrier<cuda::thread_scope_block>;
__global__ void phases(const int* in, int* out, int n) {
  __shared__ alignas(bar) char st[2 * sizeof(bar)];
  bar* b = (bar*)st;
  __shared__ int buf[128];
  if (threadIdx.x == 0) {
    init(&b[0], blockDim.x);
    init(&b[1], blockDim.x);
  }
  __syncthreads();
  for (int i = 0; i < n; i++) {
    buf[threadIdx.x] = in[i * blockDim.x + threadIdx.x];
    auto tok = b[0].arrive();
    b[0].wait(std::move(tok));
    out[i * blockDim.x + threadIdx.x] = buf[blockDim.x - 1 - threadIdx.x];
    b[1].arrive_and_wait();
  }
}
__global__ void dropping(int* out) {  // threads leave the barrier one after another
  __shared__ bar b;
  if (threadIdx.x == 0) init(&b, blockDim.x);
  __syncthreads();
  int k = 0;
  for (; k < (int)threadIdx.x % 8; k++) b.arrive_and_wait();
  b.arrive_and_drop();
  out[threadIdx.x] = k;
}
template <int MODE>
__global__ void copies(const int* in, int* out, int n) {
  extern __shared__ __align__(128) int s[];
  __shared__ bar b;
  auto g = cooperative_groups::this_thread_block();
  if (threadIdx.x == 0) init(&b, blockDim.x);
  __syncthreads();
  if (MODE == 0) {
    cuda::memcpy_async(g, s, in, cuda::aligned_size_t<16>(n * 4), b);
    b.arrive_and_wait();
  }
  if (MODE == 1) {
    cuda::memcpy_async(g, s, in, n * 4, b);
    b.arrive_and_wait();
  }
  if (MODE == 2) {
    for (int i = threadIdx.x; i < n; i += blockDim.x)
      cuda::memcpy_async(s + i, in + i, sizeof(int), b);
    b.arrive_and_wait();
  }
  if (MODE == 3) {
    cooperative_groups::memcpy_async(g, s, in, n * 4);
    cooperative_groups::wait(g);
  }
  for (int i = threadIdx.x; i < n; i += blockDim.x) out[i] = s[n - 1 - i] + MODE;
}
__global__ void pipe(const int* in, int* out, int steps) {
  constexpr int ST = 2;
  extern __shared__ int s[];
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, ST> ss;
  auto g = cooperative_groups::this_thread_block();
  auto p = cuda::make_pipeline(g, &ss);
  int B = blockDim.x;
  for (int c = 0, f = 0; c < steps; c++) {
    for (; f < steps && f < c + ST; f++) {
      p.producer_acquire();
      cuda::memcpy_async(g, s + (f % ST) * B, in + f * B, sizeof(int) * B, p);
      p.producer_commit();
    }
    p.consumer_wait();
    int v = s[(c % ST) * B + B - 1 - threadIdx.x];
    p.consumer_release();
    out[c * B + threadIdx.x] = v;
  }
}
__global__ void timeouts(int* out) {
  __shared__ bar b;
  if (threadIdx.x == 0) init(&b, 33);
  __syncthreads();
  auto t = b.arrive();
  bool r = b.try_wait_for(std::move(t), cuda::std::chrono::microseconds(200));
  out[threadIdx.x] = r;
}
__global__ void tx_copy(const int* in, int* out,
                        int n) {  // the programming guide's bulk copy, in library calls
#if __CUDA_ARCH__ >= 900
  extern __shared__ __align__(128) int s[];
#pragma nv_diag_suppress 20054
  __shared__ bar b;
  if (threadIdx.x == 0) {
    init(&b, blockDim.x);
    cuda::ptx::fence_proxy_async(cuda::ptx::space_shared);
  }
  __syncthreads();
  bar::arrival_token tok;
  if (threadIdx.x == 0) {
    cuda::device::memcpy_async_tx(s, in, cuda::aligned_size_t<16>(n * 4), b);
    tok = cuda::device::barrier_arrive_tx(b, 1, n * 4);
  } else
    tok = b.arrive();
  b.wait(std::move(tok));
  for (int i = threadIdx.x; i < n; i += blockDim.x) s[i] += 1;
  cuda::ptx::fence_proxy_async(cuda::ptx::space_shared);
  __syncthreads();
  if (threadIdx.x == 0) {
    cuda::ptx::cp_async_bulk(cuda::ptx::space_global, cuda::ptx::space_shared, out, s, n * 4);
    cuda::ptx::cp_async_bulk_commit_group();
    cuda::ptx::cp_async_bulk_wait_group_read(cuda::ptx::n32_t<0>());
  }
#endif
}
__global__ void tx_tile(const __grid_constant__ CUtensorMap m, int* out, int x, int y) {
#if __CUDA_ARCH__ >= 900
  __shared__ alignas(128) int s[16][16];
  __shared__ alignas(8) uint64_t b;
  namespace ptx = cuda::ptx;
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&b, blockDim.x);
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
    ptx::fence_proxy_async(ptx::space_shared);
  }
  __syncthreads();
  uint64_t tok;
  if (threadIdx.x == 0) {
    const int32_t c[2] = {x, y};
    ptx::cp_async_bulk_tensor(ptx::space_cluster, ptx::space_global, &s[0][0], &m, c, &b);
    tok = ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &b,
                                         sizeof s);
  } else
    tok = ptx::mbarrier_arrive(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &b);
  while (!ptx::mbarrier_try_wait(ptx::sem_acquire, ptx::scope_cta, &b, tok)) {
  }
  s[threadIdx.x / 16][threadIdx.x % 16] += threadIdx.x;
  ptx::fence_proxy_async(ptx::space_shared);
  __syncthreads();
  if (threadIdx.x == 0) {
    const int32_t c[2] = {x, y};
    ptx::cp_async_bulk_tensor(ptx::space_global, ptx::space_shared, &m, c, &s[0][0]);
    ptx::cp_async_bulk_commit_group();
    ptx::cp_async_bulk_wait_group_read(ptx::n32_t<0>());
  }
  __syncthreads();
  if (threadIdx.x == 0) *out = s[0][1];
#endif
}
int main() {
  cudaFuncAttributes fa;
  CHECK_CUDA(cudaFuncGetAttributes(&fa, phases));
  int arch = fa.ptxVersion;
  {
    int n = 20, B = 128;
    std::vector<int> a(n * B);
    for (size_t i = 0; i < a.size(); i++) a[i] = (int)i * 5;
    DeviceBuffer<int> d(a), o(n * B);
    phases<<<3, B>>>(d, o, n);
    CHECK_CUDA(cudaDeviceSynchronize());
    auto r = o.get();
    bool ok = true;
    for (int i = 0; i < n; i++)
      for (int t = 0; t < B; t++) ok &= r[i * B + t] == a[i * B + B - 1 - t];
    CHECK("cuda::barrier phases", ok);
  }
  {
    DeviceBuffer<int> o(64);
    dropping<<<1, 64>>>(o);
    CHECK_CUDA(cudaDeviceSynchronize());
    auto r = o.get();
    bool ok = true;
    for (int i = 0; i < 64; i++) ok &= r[i] == i % 8;
    CHECK("cuda::barrier::arrive_and_drop", ok);
  }
  {
    int n = 1000;
    std::vector<int> a(n);
    for (int i = 0; i < n; i++) a[i] = i * 3;
    DeviceBuffer<int> d(a), o(n);
    auto check = [&](const char* nm, int mode) {
      CHECK_CUDA(cudaDeviceSynchronize());
      auto r = o.get();
      bool ok = true;
      for (int i = 0; i < n; i++) ok &= r[i] == a[n - 1 - i] + mode;
      CHECK(nm, ok);
    };
    copies<0><<<2, 96, 4096>>>(d, o, n);
    check("cuda::memcpy_async, aligned", 0);
    copies<1><<<2, 96, 4096>>>(d, o, n);
    check("cuda::memcpy_async, group", 1);
    copies<2><<<2, 96, 4096>>>(d, o, n);
    check("cuda::memcpy_async, per thread", 2);
    copies<3><<<2, 96, 4096>>>(d, o, n);
    check("cooperative_groups::memcpy_async", 3);
  }
  {
    int n = 12, B = 64;
    std::vector<int> a(n * B);
    for (size_t i = 0; i < a.size(); i++) a[i] = (int)i;
    DeviceBuffer<int> d(a), o(n * B);
    pipe<<<2, B, 2 * B * 4>>>(d, o, n);
    CHECK_CUDA(cudaDeviceSynchronize());
    auto r = o.get();
    bool ok = true;
    for (int i = 0; i < n; i++)
      for (int t = 0; t < B; t++) ok &= r[i * B + t] == a[i * B + B - 1 - t];
    CHECK("cuda::pipeline", ok);
  }
  {
    DeviceBuffer<int> o(32);
    timeouts<<<1, 32>>>(o);
    CHECK_CUDA(cudaDeviceSynchronize());
    auto r = o.get();
    bool ok = true;
    for (int x : r) ok &= x == 0;
    CHECK("cuda::barrier::try_wait_for runs out of time", ok);
  }
  if (arch >= 90) {
    {
      int n = 2048;
      std::vector<int> a(n);
      for (int i = 0; i < n; i++) a[i] = i * 9;
      DeviceBuffer<int> d(a), o(n);
      tx_copy<<<1, 128, n * 4>>>(d, o, n);
      CHECK_CUDA(cudaDeviceSynchronize());
      auto r = o.get();
      bool ok = true;
      for (int i = 0; i < n; i++) ok &= r[i] == a[i] + 1;
      CHECK("cuda::device::barrier_arrive_tx and cp_async_bulk", ok);
    }
    {
      int w = 64, h = 48;
      std::vector<int> a(w * h);
      for (int i = 0; i < w * h; i++) a[i] = i;
      DeviceBuffer<int> d(a), o(1);
      auto m = make_map<unsigned>((unsigned*)(int*)d, {(u64)w, (u64)h}, {16, 16});
      tx_tile<<<1, 256>>>(m, o, 20, 40);
      CHECK_CUDA(cudaDeviceSynchronize());
      auto r = d.get();
      bool ok = true;
      for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
          int i = y * w + x, want = i;
          if (x >= 20 && x < 36 && y >= 40) want += (y - 40) * 16 + x - 20;
          ok &= r[i] == want;
        }
      CHECK("cuda::ptx tensor copies", ok);
    }
  }
  return 0;
}

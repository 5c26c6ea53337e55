// Clusters: launch forms, DSMEM, barrier.cluster, remote mbarriers, multicast, st.async.
#include <cooperative_groups.h>

#include "wgmma.h"
namespace cg = cooperative_groups;
__global__ void __cluster_dims__(2, 2, 1) ids(int4* o) {
  u32 rx, ry, nx, ny, rank, nr, cx, cy, ncx;
  asm("mov.u32 %0, %%cluster_ctaid.x;" : "=r"(rx));
  asm("mov.u32 %0, %%cluster_ctaid.y;" : "=r"(ry));
  asm("mov.u32 %0, %%cluster_nctaid.x;" : "=r"(nx));
  asm("mov.u32 %0, %%cluster_nctaid.y;" : "=r"(ny));
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(nr));
  asm("mov.u32 %0, %%clusterid.x;" : "=r"(cx));
  asm("mov.u32 %0, %%clusterid.y;" : "=r"(cy));
  asm("mov.u32 %0, %%nclusterid.x;" : "=r"(ncx));
  if (threadIdx.x == 0) {
    o[2 * (blockIdx.y * gridDim.x + blockIdx.x)] = make_int4(rx, ry, rank, nx * 10 + ny);
    o[2 * (blockIdx.y * gridDim.x + blockIdx.x) + 1] = make_int4(cx, cy, ncx, nr);
  }
}
__global__ void dsmem_sum(const int* in, int* out,
                          int n) {  // each block sums a part, rank 0 collects through ld/atom on
                                    // distributed shared memory
  cg::cluster_group cl = cg::this_cluster();
  __shared__ int part, total;
  __shared__ int hist[64];
  if (threadIdx.x == 0) part = total = 0;
  if (threadIdx.x < 64) hist[threadIdx.x] = 0;
  __syncthreads();
  cl.sync();
  int s = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    s += in[i];
    atomicAdd(cl.map_shared_rank(hist, in[i] % cl.num_blocks()) + in[i] % 64, 1);
  }
  atomicAdd(&part, s);
  __syncthreads();
  cl.sync();
  if (cl.block_rank() == 0 && threadIdx.x < cl.num_blocks())
    atomicAdd(&total, *cl.map_shared_rank(&part, threadIdx.x));
  __syncthreads();
  if (cl.block_rank() == 0 && threadIdx.x == 0) atomicAdd(out, total);
  if (threadIdx.x < 64) atomicAdd(out + 1 + threadIdx.x, hist[threadIdx.x]);
  cl.sync();
}
__global__ void exchange(float4* o) {  // vector stores and loads by 32-bit shared::cluster
                                       // addresses; asynchronous stores; remote arrive
  __shared__ float4 buf[32];
  __shared__ alignas(16) u32 as[64];
  __shared__ alignas(8) u64 b, b2;
  u32 r = cluster_rank(), n;
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(n));
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    bar_init(&b2, 32 * n);
    bar_fence_init();
  }
  __syncthreads();
  cluster_arrive();
  cluster_wait();
  u32 to = (r + 1) % n, a, rb, ra;
  float x = r * 100 + threadIdx.x;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;"
               : "=r"(a)
               : "r"(sm(&buf[threadIdx.x])), "r"(to));
  asm volatile("st.shared::cluster.v4.f32 [%0], {%1, %2, %3, %4};" ::"r"(a), "f"(x), "f"(x + 0.25f),
               "f"(x + 0.5f), "f"(x + 0.75f)
               : "memory");
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;"
               : "=r"(ra)
               : "r"(sm(&as[2 * threadIdx.x])), "r"(to));
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(rb) : "r"(sm(&b)), "r"(to));
  if (threadIdx.x == 0) bar_expect(&b, 32 * 8);
  asm volatile(
      "st.async.shared::cluster.mbarrier::complete_tx::bytes.v2.b32 [%0], {%1, %2}, [%3];" ::"r"(
          ra),
      "r"(r * 1000 + threadIdx.x), "r"(7u), "r"(rb)
      : "memory");
  for (u32 k = 0; k < n; k++) bar_arrive_remote(&b2, k);
  bar_wait(&b, 0);
  bar_wait(&b2, 0);
  float4 v = buf[threadIdx.x];
  v.w = (float)as[2 * threadIdx.x] + as[2 * threadIdx.x + 1];
  u32 who;
  asm volatile("getctarank.shared::cluster.u32 %0, %1;" : "=r"(who) : "r"(a));
  if (who != to) v.x = -1;
  o[blockIdx.x * 32 + threadIdx.x] = v;
  cluster_arrive();
  cluster_wait();
}
// GEMM of a 2 x 1 cluster: both blocks need the same B tile; each loads half of it and multicasts.
__global__ void __launch_bounds__(128)
    multicast(const __grid_constant__ CUtensorMap ma, const __grid_constant__ CUtensorMap mb,
              float* out, int K) {
  extern __shared__ unsigned char raw[];
  bf16* a = (bf16*)(((size_t)raw + 1023) & ~(size_t)1023);
  bf16* b = a + 2 * 64 * 64;
  __shared__ alignas(8) u64 full[2], empty[2];
  u32 r = cluster_rank();
  if (threadIdx.x == 0) {
    for (int i = 0; i < 2; i++) {
      bar_init(&full[i], 1);
      bar_init(&empty[i], 2);
    }
    bar_fence_init();
  }
  __syncthreads();
  cluster_arrive();
  cluster_wait();
  float d[32];
  for (auto& x : d) x = 0;
  for (int k = 0; k < K / 64; k++) {
    int s = k & 1;
    if (threadIdx.x == 0) {
      bar_wait(&empty[s], (k / 2 & 1) ^ 1);
      bar_expect(&full[s], 2 * 64 * 64 * 2);
      tma_load2(a + s * 4096, &ma, &full[s], k * 64, blockIdx.x * 64);
      tma_load2_multi(b + s * 4096 + r * 2048, &mb, &full[s], k * 64, r * 32, 3);
    }
    bar_wait(&full[s], k / 2 & 1);
    u64 da = make_desc(sm(a + s * 4096), 16, 1024, 1),
        db = make_desc(sm(b + s * 4096), 16, 1024, 1);
    wg_hold(d);
    wg_fence();
    for (int i = 0; i < 4; i++) W<64, BF16>::ss(d, da + 2 * i, db + 2 * i);
    wg_commit();
    wg_wait<0>();
    wg_hold(d);
    __syncthreads();
    if (threadIdx.x < 2)
      bar_arrive_remote(&empty[s],
                        threadIdx.x);  // this block no longer reads stage s: tell both producers
  }
  int t = threadIdx.x;
  for (int j = 0; j < 32; j++)
    out[(blockIdx.x * 64 + t / 32 * 16 + t % 32 / 4 + 8 * (j >> 1 & 1)) * 64 + 8 * (j >> 2) +
        2 * (t % 4) + (j & 1)] = d[j];
  cluster_arrive();
  cluster_wait();
}
__global__ void s2s(int* o) {  // shared::cta -> shared::cluster bulk copy
  __shared__ alignas(128) int src[64], dst[64];
  __shared__ alignas(8) u64 b;
  u32 r = cluster_rank();
  src[threadIdx.x] = r * 64 + threadIdx.x;
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    bar_fence_init();
  }
  proxy_fence();
  __syncthreads();
  cluster_arrive();
  cluster_wait();
  if (threadIdx.x == 0) {
    bar_expect(&b, 256);
    u32 d, m;
    asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(d) : "r"(sm(dst)), "r"(r ^ 1));
    asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(m) : "r"(sm(&b)), "r"(r ^ 1));
    asm volatile(
        "cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%0], [%1], 256, "
        "[%2];" ::"r"(d),
        "r"(sm(src)), "r"(m)
        : "memory");
  }
  bar_wait(&b, 0);
  o[blockIdx.x * 64 + threadIdx.x] = dst[threadIdx.x];
  cluster_arrive();
  cluster_wait();
}
__global__ void pdl(int* o) {
  asm volatile("griddepcontrol.launch_dependents;");
  asm volatile("griddepcontrol.wait;" ::: "memory");
  atomicAdd(o, 1);
}
template <class... P, class... A>
cudaError_t launch_cluster(void (*k)(P...), dim3 g, dim3 b, dim3 cl, size_t smem, A... args) {
  cudaLaunchConfig_t c{};
  c.gridDim = g;
  c.blockDim = b;
  c.dynamicSmemBytes = smem;
  cudaLaunchAttribute at[1];
  at[0].id = cudaLaunchAttributeClusterDimension;
  at[0].val.clusterDim.x = cl.x;
  at[0].val.clusterDim.y = cl.y;
  at[0].val.clusterDim.z = cl.z;
  c.attrs = at;
  c.numAttrs = 1;
  return cudaLaunchKernelEx(&c, k, P(args)...);
}
int main() {
  {
    DeviceBuffer<int4> o(2 * 24);
    ids<<<dim3(6, 4), 32>>>(o);
    CHECK_CUDA(cudaDeviceSynchronize());
    auto v = o.get();
    bool ok = true;
    for (int y = 0; y < 4; y++)
      for (int x = 0; x < 6; x++) {
        int4 a = v[2 * (y * 6 + x)], b = v[2 * (y * 6 + x) + 1];
        ok &= a.x == x % 2 && a.y == y % 2 && a.z == x % 2 + 2 * (y % 2) && a.w == 22 &&
              b.x == x / 2 && b.y == y / 2 && b.z == 3 && b.w == 4;
      }
    CHECK("__cluster_dims__ and the cluster registers", ok);
  }
  for (int cl : {1, 2, 4, 8}) {
    int n = 10000;
    std::vector<int> a(n);
    long want = 0;
    for (int i = 0; i < n; i++) {
      a[i] = i * 7 % 1000;
      want += a[i];
    }
    DeviceBuffer<int> d(a), o(65);
    CHECK_CUDA(launch_cluster(dsmem_sum, 16, 128, cl, 0, (int*)d, (int*)o, n));
    CHECK_CUDA(cudaDeviceSynchronize());
    auto r = o.get();
    bool ok = r[0] == want;
    int cnt = 0;
    for (int i = 1; i < 65; i++) cnt += r[i];
    char nm[64];
    sprintf(nm, "DSMEM reduction, cluster of %d", cl);
    CHECK(nm, ok && cnt == n);
  }
  {
    DeviceBuffer<float4> o(8 * 32);
    CHECK_CUDA(launch_cluster(exchange, 8, 32, 4, 0, (float4*)o));
    CHECK_CUDA(cudaDeviceSynchronize());
    auto v = o.get();
    bool ok = true;
    for (int b = 0; b < 8; b++)
      for (int t = 0; t < 32; t++) {
        int from = (b % 4 + 3) % 4;
        float4 x = v[b * 32 + t];
        ok &= x.x == from * 100 + t && x.y == x.x + 0.25f && x.z == x.x + 0.5f &&
              x.w == from * 1000 + t + 7;
      }
    CHECK("DSMEM stores, st.async, remote arrive", ok);
  }
  {
    int K = 256;
    std::mt19937 g(3);
    std::vector<bf16> a(128 * K), b(64 * K);
    for (auto& x : a) x = (bf16)(float)((int)(g() % 17) - 8);
    for (auto& x : b) x = (bf16)(float)((int)(g() % 17) - 8);
    DeviceBuffer<bf16> da(a), db(b);
    DeviceBuffer<float> o(128 * 64);
    auto ma = make_map<bf16>(da, {(u64)K, 128}, {64, 64}, CU_TENSOR_MAP_SWIZZLE_128B),
         mb = make_map<bf16>(db, {(u64)K, 64}, {64, 32}, CU_TENSOR_MAP_SWIZZLE_128B);
    CHECK_CUDA(launch_cluster(multicast, 2, 128, 2, 4 * 8192 + 1024, ma, mb, (float*)o, K));
    CHECK_CUDA(cudaDeviceSynchronize());
    auto v = o.get();
    bool ok = true;
    for (int i = 0; i < 128; i++)
      for (int j = 0; j < 64; j++) {
        float r = 0;
        for (int k = 0; k < K; k++) r += (float)a[i * K + k] * (float)b[j * K + k];
        ok &= v[i * 64 + j] == r;
      }
    CHECK("TMA multicast in a cluster of two", ok);
  }
  {
    DeviceBuffer<int> o(128);
    CHECK_CUDA(launch_cluster(s2s, 2, 64, 2, 0, (int*)o));
    CHECK_CUDA(cudaDeviceSynchronize());
    auto v = o.get();
    bool ok = true;
    for (int i = 0; i < 128; i++) ok &= v[i] == (i ^ 64);
    CHECK("bulk copy between blocks", ok);
  }
  {
    DeviceBuffer<int> o(1);
    pdl<<<4, 32>>>(o);
    CHECK("griddepcontrol", o.get()[0] == 128);
  }
  {
    CHECK("cluster size that does not divide the grid",
          launch_cluster(s2s, 3, 64, 2, 0, (int*)nullptr) != cudaSuccess);
    cudaGetLastError();
    CHECK("cluster too large",
          launch_cluster(s2s, 16, 64, 16, 0, (int*)nullptr) == cudaErrorInvalidClusterSize);
    cudaGetLastError();
  }
  return 0;
}

// PTX wrappers for the sm_90a tests, and the host side of tensor maps.
#pragma once
#include <cmath>
#include <cuda.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "tests/vgpu/tests/check.h"
typedef unsigned u32;
typedef unsigned long long u64;
typedef __nv_bfloat16 bf16;
__device__ __forceinline__ u32 sm(const void* p) { return (u32)__cvta_generic_to_shared(p); }
__device__ __forceinline__ void bar_init(u64* b, u32 n) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(sm(b)), "r"(n));
}
__device__ __forceinline__ void bar_fence_init() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
__device__ __forceinline__ void bar_expect(u64* b, u32 tx) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(sm(b)), "r"(tx)
               : "memory");
}
__device__ __forceinline__ void bar_arrive(u64* b) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(sm(b)) : "memory");
}
__device__ __forceinline__ void bar_arrive_remote(u64* b, u32 cta) {
  asm volatile(
      "{ .reg .b32 a; mapa.shared::cluster.u32 a, %0, %1; "
      "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [a]; }" ::"r"(sm(b)),
      "r"(cta)
      : "memory");
}
__device__ __forceinline__ void bar_wait(u64* b, u32 parity) {
  asm volatile(
      "{ .reg .pred P;\nWAIT_%=: mbarrier.try_wait.parity.shared::cta.b64 P, [%0], %1;\n@!P bra "
      "WAIT_%=;\n}" ::"r"(sm(b)),
      "r"(parity)
      : "memory");
}
__device__ __forceinline__ void proxy_fence() { asm volatile("fence.proxy.async;" ::: "memory"); }
__device__ __forceinline__ void tma_load2(void* dst, const CUtensorMap* m, u64* b, int x, int y) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, "
      "%4}], [%2];" ::"r"(sm(dst)),
      "l"(m), "r"(sm(b)), "r"(x), "r"(y)
      : "memory");
}
__device__ __forceinline__ void tma_load2_multi(void* dst, const CUtensorMap* m, u64* b, int x,
                                                int y, unsigned short mask) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::"
      "cluster [%0], [%1, {%3, %4}], [%2], %5;" ::"r"(sm(dst)),
      "l"(m), "r"(sm(b)), "r"(x), "r"(y), "h"(mask)
      : "memory");
}
__device__ __forceinline__ void tma_load3(void* dst, const CUtensorMap* m, u64* b, int x, int y,
                                          int z) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, "
      "%4, %5}], [%2];" ::"r"(sm(dst)),
      "l"(m), "r"(sm(b)), "r"(x), "r"(y), "r"(z)
      : "memory");
}
__device__ __forceinline__ void tma_store2(const CUtensorMap* m, const void* src, int x, int y) {
  asm volatile(
      "cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%2, %3}], [%1];" ::"l"(m),
      "r"(sm(src)), "r"(x), "r"(y)
      : "memory");
}
__device__ __forceinline__ void tma_store3(const CUtensorMap* m, const void* src, int x, int y,
                                           int z) {
  asm volatile(
      "cp.async.bulk.tensor.3d.global.shared::cta.bulk_group [%0, {%2, %3, %4}], [%1];" ::"l"(m),
      "r"(sm(src)), "r"(x), "r"(y), "r"(z)
      : "memory");
}
__device__ __forceinline__ void bulk_commit() {
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}
template <int N>
__device__ __forceinline__ void bulk_wait() {
  asm volatile("cp.async.bulk.wait_group %0;" ::"n"(N) : "memory");
}
template <int N>
__device__ __forceinline__ void bulk_wait_read() {
  asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(N) : "memory");
}
__device__ __forceinline__ void cluster_arrive() {
  asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
}
__device__ __forceinline__ void cluster_wait() {
  asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}
__device__ __forceinline__ u32 cluster_rank() {
  u32 r;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(r));
  return r;
}
__device__ __forceinline__ void wg_fence() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
__device__ __forceinline__ void wg_commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
template <int N>
__device__ __forceinline__ void wg_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}
// Keeps the compiler from moving uses of accumulators across a wait.
template <int N>
__device__ __forceinline__ void wg_hold(float (&d)[N]) {
  _Pragma("unroll") for (int i = 0; i < N; i++) asm volatile("" : "+f"(d[i])::"memory");
}
template <int N>
__device__ __forceinline__ void wg_hold(u32 (&d)[N]) {
  _Pragma("unroll") for (int i = 0; i < N; i++) asm volatile("" : "+r"(d[i])::"memory");
}
// swz: 0 none, 1 128B, 2 64B, 3 32B
__device__ __host__ __forceinline__ u64 make_desc(u32 addr, u32 lbo, u32 sbo, int swz) {
  return (u64)((addr & 0x3ffff) >> 4) | (u64)(lbo >> 4) << 16 | (u64)(sbo >> 4) << 32 |
         (u64)swz << 62;
}
#include <cudaTypedefs.h>
inline PFN_cuTensorMapEncodeTiled_v12000 encode_fn() {
  static PFN_cuTensorMapEncodeTiled_v12000 f = nullptr;
  if (!f) {
    cudaDriverEntryPointQueryResult r;
    CHECK_CUDA(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", (void**)&f, 12000,
                                                cudaEnableDefault, &r));
    if (!f) {
      printf("FAIL no cuTensorMapEncodeTiled\n");
      exit(1);
    }
  }
  return f;
}
inline CUtensorMapDataType tm_type(float) { return CU_TENSOR_MAP_DATA_TYPE_FLOAT32; }
inline CUtensorMapDataType tm_type(bf16) { return CU_TENSOR_MAP_DATA_TYPE_BFLOAT16; }
inline CUtensorMapDataType tm_type(__half) { return CU_TENSOR_MAP_DATA_TYPE_FLOAT16; }
inline CUtensorMapDataType tm_type(unsigned char) { return CU_TENSOR_MAP_DATA_TYPE_UINT8; }
inline CUtensorMapDataType tm_type(unsigned) { return CU_TENSOR_MAP_DATA_TYPE_UINT32; }
inline CUtensorMapDataType tm_type(double) { return CU_TENSOR_MAP_DATA_TYPE_FLOAT64; }
// dims and box: innermost first; strides in bytes of dimensions 1.. (dense if null)
template <class T>
CUtensorMap make_map(T* p, std::vector<u64> dim, std::vector<u32> box,
                     CUtensorMapSwizzle swz = CU_TENSOR_MAP_SWIZZLE_NONE, std::vector<u32> es = {},
                     std::vector<u64> stride = {}, bool nan_fill = false) {
  CUtensorMap m;
  int r = (int)dim.size();
  if (es.empty()) es.assign(r, 1);
  if (stride.empty()) {
    u64 s = sizeof(T);
    for (int i = 0; i + 1 < r; i++) stride.push_back(s *= dim[i]);
  }
  stride.push_back(0);
  std::vector<cuuint64_t> d64(dim.begin(), dim.end()), s64(stride.begin(), stride.end());
  CUresult e = encode_fn()(&m, tm_type(T()), r, p, d64.data(), s64.data(), box.data(), es.data(),
                           CU_TENSOR_MAP_INTERLEAVE_NONE, swz, CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
                           nan_fill ? CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA
                                    : CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (e) {
    printf("FAIL cuTensorMapEncodeTiled -> %d\n", (int)e);
    exit(1);
  }
  return m;
}

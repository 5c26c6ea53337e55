// The driver library: a program linked with -lcuda.
#include "tests/vgpu/tests/hopper.h"
__global__ void copy(const __grid_constant__ CUtensorMap m, float* o) {
  __shared__ alignas(128) float t[16][32];
  __shared__ alignas(8) u64 b;
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    proxy_fence();
    bar_expect(&b, sizeof t);
    asm volatile("prefetch.tensormap [%0];" ::"l"(&m));
    tma_load2(t, &m, &b, 8, 4);
  }
  __syncthreads();
  bar_wait(&b, 0);
  for (int i = threadIdx.x; i < 512; i += 32) o[i] = t[i / 32][i % 32];
}
__device__ CUtensorMap g_map;
__global__ void copy_global(float* o) {  // the map in global memory
  __shared__ alignas(128) float t[16][32];
  __shared__ alignas(8) u64 b;
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    proxy_fence();
    bar_expect(&b, sizeof t);
    tma_load2(t, &g_map, &b, 8, 4);
  }
  __syncthreads();
  bar_wait(&b, 0);
  for (int i = threadIdx.x; i < 512; i += 32) o[i] = t[i / 32][i % 32];
}
int main() {
  int v = 0, n = 0, major = 0;
  CUdevice d;
  const char* s = nullptr;
  char name[64];
  CHECK("cuInit", cuInit(0) == CUDA_SUCCESS);
  CHECK("cuDriverGetVersion", cuDriverGetVersion(&v) == CUDA_SUCCESS && v == 13000);
  CHECK("cuDeviceGet",
        cuDeviceGetCount(&n) == CUDA_SUCCESS && n == 1 && cuDeviceGet(&d, 0) == CUDA_SUCCESS &&
            cuDeviceGetName(name, 64, d) == CUDA_SUCCESS &&
            cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, d) ==
                CUDA_SUCCESS &&
            major == 9);
  CHECK("cuGetErrorString", cuGetErrorString(CUDA_ERROR_INVALID_VALUE, &s) == CUDA_SUCCESS &&
                                !strcmp(s, "invalid argument"));
  CUmodule mod;
  CHECK("a function vgpu lacks", cuModuleLoad(&mod, "x") == CUDA_ERROR_NOT_SUPPORTED);
  std::vector<float> a(64 * 64);
  for (size_t i = 0; i < a.size(); i++) a[i] = i;
  DeviceBuffer<float> da(a), o(512);
  CUtensorMap m;
  cuuint64_t dim[2] = {64, 64}, st[1] = {256};
  cuuint32_t box[2] = {32, 16}, es[2] = {1, 1};
  CHECK("cuTensorMapEncodeTiled",
        cuTensorMapEncodeTiled(&m, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, 2, (float*)da, dim, st, box, es,
                               CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
                               CU_TENSOR_MAP_L2_PROMOTION_NONE,
                               CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS);
  auto good = [&] {
    auto r = o.get();
    bool ok = true;
    for (int i = 0; i < 512; i++) ok &= r[i] == (i / 32 + 4) * 64 + i % 32 + 8;
    return ok;
  };
  copy<<<1, 32>>>(m, o);
  CHECK("tensor map from libcuda, as a parameter", good());
  CHECK_CUDA(cudaMemset(o, 0, 2048));
  CHECK_CUDA(cudaMemcpyToSymbol(g_map, &m, sizeof m));
  copy_global<<<1, 32>>>(o);
  CHECK("tensor map in global memory", good());
  CHECK("cuTensorMapEncodeTiled refuses",
        cuTensorMapEncodeTiled(&m, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, 2, (float*)da + 1, dim, st, box,
                               es, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
                               CU_TENSOR_MAP_L2_PROMOTION_NONE,
                               CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_ERROR_INVALID_VALUE);
  return 0;
}

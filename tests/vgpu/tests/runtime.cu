// The runtime API: streams, events, graphs, cooperative launch, printf, queries.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <string>
#include <unistd.h>

#include "tests/vgpu/tests/check.h"
namespace cg = cooperative_groups;
__global__ void scale(float* a, float s, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) a[i] *= s;
}
__global__ void add1(float* a, const float* b, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) a[i] += b[i];
}
__global__ void grid_steps(int* a, int* b, int n,
                           int steps) {  // each step reads what other blocks wrote
  cg::grid_group g = cg::this_grid();
  for (int s = 0; s < steps; s++) {
    for (int i = g.thread_rank(); i < n; i += g.size()) b[i] = a[(i + 1) % n] + 1;
    g.sync();
    for (int i = g.thread_rank(); i < n; i += g.size()) a[i] = b[(i + n - 1) % n] * 2 % 1000003;
    g.sync();
  }
}
__global__ void cg_ops(int* o) {
  auto b = cg::this_thread_block();
  auto w = cg::tiled_partition<32>(b);
  auto t = cg::tiled_partition<8>(w);
  int v = cg::reduce(t, (int)threadIdx.x, cg::plus<int>());
  int m = cg::reduce(w, (int)threadIdx.x * 3 % 17, cg::greater<int>());
  auto c = cg::coalesced_threads();
  o[threadIdx.x] = v + 1000 * m + 100000 * (int)c.size();
  if (threadIdx.x % 3 == 0) {
    auto k = cg::coalesced_threads();
    o[threadIdx.x] += 10000000 * (int)k.size();
  }
}
__global__ void say(int k) {
  if (threadIdx.x < 2)
    printf("thread %d of %s: %5.2f %llx %c%%\n", threadIdx.x, "vgpu", k * 0.5f, 0x123456789abcull,
           'z');
}
template <int T>
__global__ void __launch_bounds__(T) bounded(int* p) {
  if (p) *p = T;
}
struct Params {
  int a;
  double d;
  char c[5];
  short s;
};
__global__ void byval(Params p, int k, int* o) {
  o[threadIdx.x] = p.a + (int)p.d + p.c[threadIdx.x % 5] + p.s + k;
}
__global__ void pdl(float* a) { a[threadIdx.x] += 1; }
static void host_fn(void* p) { ++*(int*)p; }
int main() {
  const int n = 3000;
  std::vector<float> a(n, 2.f), b(n, 3.f);
  DeviceBuffer<float> da(a), db(b);
  cudaStream_t s, s2;
  CHECK_CUDA(cudaStreamCreate(&s));
  CHECK_CUDA(cudaStreamCreateWithFlags(&s2, cudaStreamNonBlocking));
  cudaEvent_t e0, e1, e2;
  CHECK_CUDA(cudaEventCreate(&e0));
  CHECK_CUDA(cudaEventCreate(&e1));
  CHECK_CUDA(cudaEventCreateWithFlags(&e2, cudaEventDisableTiming));
  CHECK_CUDA(cudaEventRecord(e0, s));
  scale<<<12, 256, 0, s>>>(da, 4.f, n);
  CHECK_CUDA(cudaEventRecord(e1, s));
  CHECK_CUDA(cudaStreamWaitEvent(s2, e1));
  add1<<<12, 256, 0, s2>>>(da, db, n);
  CHECK_CUDA(cudaStreamSynchronize(s2));
  float ms = -1;
  CHECK_CUDA(cudaEventElapsedTime(&ms, e0, e1));
  CHECK("streams and events", da.get() == std::vector<float>(n, 11.f) && ms >= 0 &&
                                  cudaStreamQuery(s) == cudaSuccess &&
                                  cudaEventQuery(e1) == cudaSuccess);
  // What CUDA prohibits during a capture spoils it, unless it is relaxed.
  {
    cudaGraph_t spoiled;
    void* p = nullptr;
    CHECK_CUDA(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal));
    CHECK("no allocation during a capture",
          cudaMalloc(&p, 16) == cudaErrorStreamCaptureUnsupported && p == nullptr);
    CHECK("a spoiled capture ends without a graph",
          cudaMemsetAsync(da, 0, 4, s) == cudaErrorStreamCaptureInvalidated &&
              cudaStreamEndCapture(s, &spoiled) == cudaErrorStreamCaptureInvalidated &&
              spoiled == nullptr);
    CHECK_CUDA(cudaStreamBeginCapture(s, cudaStreamCaptureModeRelaxed));
    CHECK_CUDA(cudaMalloc(&p, 16));
    CHECK_CUDA(cudaFree(p));
    CHECK_CUDA(cudaStreamEndCapture(s, &spoiled));
    CHECK_CUDA(cudaGraphDestroy(spoiled));
    (void)cudaGetLastError();
  }
  // Capture with a fork and a join.
  cudaGraph_t g;
  cudaGraphExec_t x;
  int called = 0;
  CHECK_CUDA(cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal));
  CHECK_CUDA(cudaMemcpyAsync(da, a.data(), n * 4, cudaMemcpyHostToDevice, s));
  CHECK_CUDA(cudaEventRecord(e2, s));
  CHECK_CUDA(cudaStreamWaitEvent(s2, e2));
  scale<<<12, 256, 0, s2>>>(db, 2.f, n);
  CHECK_CUDA(cudaEventRecord(e1, s2));
  scale<<<12, 256, 0, s>>>(da, 5.f, n);
  CHECK_CUDA(cudaStreamWaitEvent(s, e1));
  add1<<<12, 256, 0, s>>>(da, db, n);
  CHECK_CUDA(cudaLaunchHostFunc(s, host_fn, &called));
  cudaStreamCaptureStatus st;
  CHECK_CUDA(cudaStreamIsCapturing(s2, &st));
  CHECK("capture reaches the forked stream", st == cudaStreamCaptureStatusActive);
  CHECK_CUDA(cudaStreamEndCapture(s, &g));
  size_t nn = 0;
  CHECK_CUDA(cudaGraphGetNodes(g, nullptr, &nn));
  CHECK("captured, not executed", nn == 5 && db.get()[0] == 3.f && called == 0);
  CHECK_CUDA(cudaGraphInstantiate(&x, g, 0));
  for (int i = 0; i < 3; i++) CHECK_CUDA(cudaGraphLaunch(x, s));
  CHECK_CUDA(cudaStreamSynchronize(s));
  CHECK("graph replay", da.get() == std::vector<float>(n, 10.f + 24.f) && called == 3);
  {
    std::vector<cudaGraphNode_t> nodes(nn);
    CHECK_CUDA(cudaGraphGetNodes(g, nodes.data(), &nn));
    bool done = false;
    for (auto nd : nodes) {
      cudaGraphNodeType t;
      CHECK_CUDA(cudaGraphNodeGetType(nd, &t));
      if (t != cudaGraphNodeTypeKernel || done) continue;
      cudaKernelNodeParams p;
      CHECK_CUDA(cudaGraphKernelNodeGetParams(nd, &p));
      float two = 1.f;
      void* args[] = {p.kernelParams[0], &two, p.kernelParams[2]};
      p.kernelParams = args;
      CHECK_CUDA(cudaGraphExecKernelNodeSetParams(x, nd, &p));
      done = true;
    }
    CHECK_CUDA(cudaGraphLaunch(x, s));
    CHECK_CUDA(cudaStreamSynchronize(s));
    CHECK("graph parameter update", da.get()[7] == 10.f + 24.f && db.get()[7] == 24.f);
  }
  CHECK_CUDA(cudaGraphExecDestroy(x));
  CHECK_CUDA(cudaGraphDestroy(g));
  {
    CHECK_CUDA(cudaGraphCreate(&g, 0));
    cudaGraphNode_t k1, k2, m;
    float* p = db.p;
    float f = 3;
    int cnt = n;
    void* args[] = {&p, &f, &cnt};
    cudaKernelNodeParams kp{};
    kp.func = (void*)scale;
    kp.gridDim = dim3(12);
    kp.blockDim = dim3(256);
    kp.kernelParams = args;
    cudaMemsetParams mp{};
    mp.dst = db.p;
    mp.value = 0x3f800000;
    mp.elementSize = 4;
    mp.width = n;
    mp.height = 1;
    CHECK_CUDA(cudaGraphAddKernelNode(&k1, g, nullptr, 0, &kp));
    CHECK_CUDA(cudaGraphAddMemsetNode(&m, g, nullptr, 0, &mp));
    CHECK_CUDA(cudaGraphAddDependencies(g, &m, &k1, nullptr, 1));
    f = 7;
    CHECK_CUDA(cudaGraphAddKernelNode(&k2, g, &k1, 1, &kp));
    CHECK_CUDA(cudaGraphInstantiate(&x, g, 0));
    CHECK_CUDA(cudaGraphLaunch(x, 0));
    CHECK_CUDA(cudaDeviceSynchronize());
    CHECK("graph built by hand", db.get() == std::vector<float>(n, 21.f));
  }
  {
    int m = 5000, steps = 4;
    std::vector<int> v(m), r(m), t(m);
    for (int i = 0; i < m; i++) v[i] = r[i] = i;
    DeviceBuffer<int> dv(v), dt(m);
    void* args[] = {&dv.p, &dt.p, &m, &steps};
    int occ;
    CHECK_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&occ, grid_steps, 128, 0));
    CHECK_CUDA(cudaLaunchCooperativeKernel(grid_steps, dim3(17), dim3(128), args, 0, 0));
    CHECK_CUDA(cudaDeviceSynchronize());
    for (int k = 0; k < steps; k++) {
      for (int i = 0; i < m; i++) t[i] = r[(i + 1) % m] + 1;
      for (int i = 0; i < m; i++) r[i] = t[(i + m - 1) % m] * 2 % 1000003;
    }
    CHECK("grid sync", dv.get() == r && occ > 0);
    CHECK("cooperative launch too large",
          cudaLaunchCooperativeKernel(grid_steps, dim3(100000), dim3(128), args, 0, 0) ==
              cudaErrorCooperativeLaunchTooLarge);
    cudaGetLastError();
  }
  {
    DeviceBuffer<int> o(64);
    cg_ops<<<1, 64>>>(o);
    auto v = o.get();
    bool ok = true;
    for (int i = 0; i < 64; i++) {
      int q = 0, mx = 0;
      for (int j = 0; j < 8; j++) q += i / 8 * 8 + j;
      for (int j = 0; j < 32; j++) mx = std::max(mx, (i / 32 * 32 + j) * 3 % 17);
      int w = q + 1000 * mx + 3200000;
      if (i % 3 == 0) w += 10000000 * (i < 32 ? 11 : 11);
      ok &= v[i] == w;
    }
    CHECK("cooperative groups tiles", ok);
  }
  {
    fflush(stdout);
    int save = dup(1);
    FILE* f = tmpfile();
    dup2(fileno(f), 1);
    say<<<1, 32>>>(5);
    CHECK_CUDA(cudaDeviceSynchronize());
    fflush(stdout);
    dup2(save, 1);
    rewind(f);
    char buf[256] = {0};
    size_t k = fread(buf, 1, 255, f);
    (void)k;
    CHECK("printf",
          std::string(buf) ==
              "thread 0 of vgpu:  2.50 123456789abc z%\nthread 1 of vgpu:  2.50 123456789abc z%\n");
  }
  {
    cudaFuncAttributes at;
    CHECK_CUDA(cudaFuncGetAttributes(&at, bounded<96>));
    CHECK("function attributes", at.maxThreadsPerBlock == 96 && at.numRegs > 0);
    bounded<96><<<1, 128>>>(nullptr);
    CHECK("launch bounds are enforced", cudaGetLastError() != cudaSuccess);
    bounded<96><<<1, 1025>>>(nullptr);
    CHECK("invalid configuration", cudaGetLastError() == cudaErrorInvalidConfiguration);
  }
  {
    Params p{10, 20.5, {1, 2, 3, 4, 5}, -7};
    DeviceBuffer<int> o(10);
    byval<<<1, 10>>>(p, 100, o);
    auto v = o.get();
    bool ok = true;
    for (int i = 0; i < 10; i++) ok &= v[i] == 10 + 20 + i % 5 + 1 - 7 + 100;
    CHECK("struct parameters", ok);
  }
  {
    cudaLaunchConfig_t c{};
    c.gridDim = 1;
    c.blockDim = 32;
    cudaLaunchAttribute at[1];
    at[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    at[0].val.programmaticStreamSerializationAllowed = 1;
    c.attrs = at;
    c.numAttrs = 1;
    DeviceBuffer<float> o(32);
    CHECK_CUDA(cudaLaunchKernelEx(&c, pdl, o.p));
    CHECK("cudaLaunchKernelEx", o.get()[3] == 1.f);
  }
  {
    cudaDeviceProp p;
    CHECK_CUDA(cudaGetDeviceProperties(&p, 0));
    int v;
    CHECK_CUDA(cudaDeviceGetAttribute(&v, cudaDevAttrComputeCapabilityMajor, 0));
    CHECK("device properties", p.warpSize == 32 && p.major == v && p.multiProcessorCount > 0 &&
                                   p.sharedMemPerBlockOptin > 49152);
    size_t fr, to;
    CHECK_CUDA(cudaMemGetInfo(&fr, &to));
    CHECK("memory info", fr <= to);
  }
  {
    float* h;
    CHECK_CUDA(cudaMallocHost(&h, 400));
    float* m;
    CHECK_CUDA(cudaMallocManaged(&m, 400));
    cudaPointerAttributes pa;
    CHECK_CUDA(cudaPointerGetAttributes(&pa, h));
    bool ok = pa.type == cudaMemoryTypeHost;
    CHECK_CUDA(cudaPointerGetAttributes(&pa, m));
    ok &= pa.type == cudaMemoryTypeManaged;
    CHECK_CUDA(cudaPointerGetAttributes(&pa, da.p + 5));
    ok &= pa.type == cudaMemoryTypeDevice;
    CHECK_CUDA(cudaPointerGetAttributes(&pa, &ok));
    ok &= pa.type == cudaMemoryTypeUnregistered;
    CHECK("pointer attributes", ok);
    for (int i = 0; i < 100; i++) h[i] = m[i] = i;
    scale<<<1, 128>>>(h, 2.f, 100);
    scale<<<1, 128>>>(m, 3.f, 100);
    CHECK_CUDA(cudaDeviceSynchronize());
    CHECK("host and managed memory in kernels", h[50] == 100 && m[50] == 150);
    CHECK_CUDA(cudaFreeHost(h));
    CHECK_CUDA(cudaFree(m));
  }
  {
    float* p;
    CHECK_CUDA(cudaMallocAsync(&p, 1000, s));
    CHECK_CUDA(cudaMemsetAsync(p, 0, 1000, s));
    CHECK_CUDA(cudaFreeAsync(p, s));
    size_t pitch;
    float* q;
    CHECK_CUDA(cudaMallocPitch(&q, &pitch, 100, 10));
    std::vector<char> h(1000), r(1000);
    for (int i = 0; i < 1000; i++) h[i] = i;
    CHECK_CUDA(cudaMemcpy2D(q, pitch, h.data(), 100, 100, 10, cudaMemcpyHostToDevice));
    CHECK_CUDA(cudaMemcpy2D(r.data(), 100, q, pitch, 100, 10, cudaMemcpyDeviceToHost));
    CHECK("pitched copies", h == r);
    CHECK_CUDA(cudaFree(q));
  }
  CHECK("copy out of bounds is refused",
        cudaMemcpy(da, a.data(), n * 4 + 400, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  cudaGetLastError();
  CHECK("error strings", std::string(cudaGetErrorString(cudaErrorIllegalAddress)) ==
                                 "an illegal memory access was encountered" &&
                             std::string(cudaGetErrorName(cudaErrorMisalignedAddress)) ==
                                 "cudaErrorMisalignedAddress");
  return 0;
}

// Faulty Hopper kernels must be caught. Each case runs in a child process.
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "wgmma.h"
// Without the wait the consumer must not see the data.
__global__ void no_wait(const int* in, int* out, int wait) {
  __shared__ alignas(128) int s[128];
  __shared__ alignas(8) u64 b;
  s[threadIdx.x] = -1;
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    proxy_fence();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    bar_expect(&b, 512);
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], 512, "
        "[%2];" ::"r"(sm(s)),
        "l"(in), "r"(sm(&b))
        : "memory");
  }
  __syncthreads();
  if (wait) bar_wait(&b, 0);
  out[threadIdx.x] = s[threadIdx.x];
  if (!wait) bar_wait(&b, 0);
}
__global__ void no_fence(const __grid_constant__ CUtensorMap m, int fence) {
  __shared__ alignas(1024) float t[32 * 32];
  for (int i = threadIdx.x; i < 1024; i += 128) t[i] = i;
  if (fence == 1) proxy_fence();
  __syncthreads();
  if (threadIdx.x == 0) {
    if (fence == 2) proxy_fence();
    tma_store2(&m, t, 0, 0);
    bulk_commit();
    bulk_wait<0>();
  }
}
__global__ void no_fence_wgmma(float* o, int fence) {
  __shared__ alignas(1024) unsigned char t[16384];
  for (int i = threadIdx.x; i < 4096; i += 128) ((u32*)t)[i] = 0x3f803f80;
  if (fence) proxy_fence();
  __syncthreads();
  float d[4] = {0, 0, 0, 0};
  wg_hold(d);
  wg_fence();
  W<8, BF16>::ss(d, make_desc(sm(t), 16, 1024, 1), make_desc(sm(t) + 8192, 16, 1024, 1));
  wg_commit();
  wg_wait<0>();
  wg_hold(d);
  o[threadIdx.x] = d[0];
}
__global__ void no_read_wait(const __grid_constant__ CUtensorMap m, int wait) {
  __shared__ alignas(1024) float t[32 * 32];
  for (int i = threadIdx.x; i < 1024; i += 128) t[i] = 1;
  proxy_fence();
  __syncthreads();
  if (threadIdx.x == 0) {
    tma_store2(&m, t, 0, 0);
    bulk_commit();
    if (wait) bulk_wait_read<0>();
    t[5] = 2;
    bulk_wait<0>();
  }
}
__global__ void lost_arrival() {
  __shared__ alignas(8) u64 b;
  if (threadIdx.x == 0) bar_init(&b, 33);
  __syncthreads();
  bar_arrive(&b);
  bar_wait(&b, 0);
}
__global__ void lost_tx(const int* in) {
  __shared__ alignas(8) u64 b;
  __shared__ alignas(128) int s[32];
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    bar_expect(&b, 128);
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], 64, [%2];" ::
            "r"(sm(s)),
        "l"(in), "r"(sm(&b))
        : "memory");
  }
  __syncthreads();
  bar_wait(&b, 0);
}
__global__ void not_init() {
  __shared__ alignas(8) u64 b;
  if (threadIdx.x == 0) b = 0;
  __syncthreads();
  bar_arrive(&b);
}
__global__ void too_many() {
  __shared__ alignas(8) u64 b;
  if (threadIdx.x == 0) bar_init(&b, 4);
  __syncthreads();
  if (threadIdx.x == 0) {
    asm volatile("mbarrier.arrive.shared.b64 _, [%0], 3;" ::"r"(sm(&b)));
    asm volatile("mbarrier.arrive.shared.b64 _, [%0], 3;" ::"r"(sm(&b)));
  }
}
__global__ void bad_size(const int* in, int n) {
  __shared__ alignas(8) u64 b;
  __shared__ alignas(128) int s[32];
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    bar_expect(&b, 20);
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %3, [%2];" ::
            "r"(sm(s)),
        "l"(in), "r"(sm(&b)), "r"(n)
        : "memory");
    bar_wait(&b, 0);
  }
}
__global__ void bulk_oob(const int* in) {
  __shared__ alignas(8) u64 b;
  __shared__ alignas(128) int s[512];
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    bar_expect(&b, 2048);
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], 2048, "
        "[%2];" ::"r"(sm(s)),
        "l"(in), "r"(sm(&b))
        : "memory");
    bar_wait(&b, 0);
  }
}
__global__ void three_warps(float* o) {
  __shared__ alignas(1024) unsigned char t[16384];
  float d[4] = {0, 0, 0, 0};
  if (threadIdx.x >= 96) return;
  wg_fence();
  W<8, BF16>::ss(d, make_desc(sm(t), 16, 1024, 1), make_desc(sm(t) + 8192, 16, 1024, 1));
  wg_commit();
  wg_wait<0>();
  wg_hold(d);
  o[threadIdx.x] = d[0];
}
__global__ void misaligned_tile(const __grid_constant__ CUtensorMap m) {
  __shared__ alignas(1024) char t[8192];
  __shared__ alignas(8) u64 b;
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    bar_expect(&b, 4096);
    tma_load2(t + 64, &m, &b, 0, 0);
    bar_wait(&b, 0);
  }
}
__global__ void not_a_map(const __grid_constant__ CUtensorMap m) {
  __shared__ alignas(1024) char t[8192];
  __shared__ alignas(8) u64 b;
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    bar_expect(&b, 4096);
    tma_load2(t, &m, &b, 0, 0);
    bar_wait(&b, 0);
  }
}
__global__ void __cluster_dims__(2, 1, 1) dead_neighbour(int* o) {
  __shared__ int s;
  s = 1;
  u32 a;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(a) : "r"(sm(&s)), "r"(1));
  cluster_arrive();
  cluster_wait();
  if (cluster_rank() == 1) return;
  volatile int* q = o;
  for (int i = 0; i < 100000; i++) (void)*q;
  int v;
  asm volatile("ld.shared::cluster.u32 %0, [%1];" : "=r"(v) : "r"(a));
  *o = v;
}
__global__ void __cluster_dims__(2, 1, 1) half_cluster_barrier() {
  if (cluster_rank() == 0) {
    cluster_arrive();
    cluster_wait();
  } else {
    __shared__ alignas(8) u64 b;
    if (threadIdx.x == 0) bar_init(&b, 1);
    __syncthreads();
    bar_wait(&b, 0);
  }
}
static std::string g_err;
template <class F>
cudaError_t child(F f, const char* race) {
  fflush(stdout);
  int fd[2], ed[2];
  if (pipe(fd) || pipe(ed)) exit(1);
  pid_t pid = fork();
  if (pid == 0) {
    setenv("VGPU_RACE", race, 1);
    setenv("VGPU_DEADLOCK", "0.3", 1);
    dup2(ed[1], 2);
    close(ed[0]);
    int e = (int)f();
    if (write(fd[1], &e, 4) < 0) {
    }
    fflush(stderr);
    _exit(0);
  }
  close(ed[1]);
  close(fd[1]);
  g_err.clear();
  char buf[4096];
  ssize_t n;
  while ((n = read(ed[0], buf, sizeof buf)) > 0) g_err.append(buf, n);
  int e = -1;
  if (read(fd[0], &e, 4) < 0) {
  }
  close(fd[0]);
  close(ed[0]);
  int st;
  waitpid(pid, &st, 0);
  return (cudaError_t)e;
}
template <class F>
void expect(const char* name, cudaError_t want, const char* text, F f, const char* race = "0") {
  cudaError_t e = child(f, race);
  bool ok = e == want && g_err.find(text) != std::string::npos;
  if (!ok) printf("# %s: got %d (%s): %s\n", name, (int)e, cudaGetErrorName(e), g_err.c_str());
  CHECK(name, ok);
}
static CUtensorMap fmap() {
  float* p;
  cudaMalloc(&p, 64 * 64 * 4);
  return make_map<float>(p, {64, 64}, {32, 32}, CU_TENSOR_MAP_SWIZZLE_128B);
}
int main() {
  auto run_wait = [](int wait) {
    return [=]() -> cudaError_t {
      std::vector<int> h(128, 5);
      int *i, *o;
      cudaMalloc(&i, 512);
      cudaMalloc(&o, 512);
      cudaMemcpy(i, h.data(), 512, cudaMemcpyHostToDevice);
      no_wait<<<1, 128>>>(i, o, wait);
      cudaError_t e = cudaMemcpy(h.data(), o, 512, cudaMemcpyDeviceToHost);
      if (e) return e;
      for (int x : h)
        if (x != 5) return cudaErrorUnknown;
      return cudaSuccess;
    };
  };
  expect("missing mbarrier wait: old data", cudaErrorUnknown, "", run_wait(0));
  expect("missing mbarrier wait: reported", cudaErrorLaunchFailure,
         "asynchronous copy is in flight", run_wait(0), "1");
  expect("with the wait", cudaSuccess, "", run_wait(1), "1");
  auto run_fence = [](int f) {
    return [=] {
      auto m = fmap();
      no_fence<<<1, 128>>>(m, f);
      return cudaDeviceSynchronize();
    };
  };
  expect("missing fence.proxy.async before a TMA store", cudaErrorLaunchFailure, "proxy race",
         run_fence(0), "1");
  expect("fence of the writers", cudaSuccess, "", run_fence(1), "1");
  expect("fence of the issuing thread", cudaSuccess, "", run_fence(2), "1");
  auto run_wg = [](int f) {
    return [=] {
      float* o;
      cudaMalloc(&o, 512);
      no_fence_wgmma<<<1, 128>>>(o, f);
      return cudaDeviceSynchronize();
    };
  };
  expect("missing fence.proxy.async before wgmma", cudaErrorLaunchFailure, "proxy race", run_wg(0),
         "1");
  expect("wgmma after the fence", cudaSuccess, "", run_wg(1), "1");
  expect("wgmma computed at issue", cudaSuccess, "", []() -> cudaError_t {
    setenv("VGPU_WGMMA", "eager", 1);
    float* o;
    cudaMalloc(&o, 512);
    no_fence_wgmma<<<1, 128>>>(o, 1);
    std::vector<float> h(128);
    if (cudaError_t e = cudaMemcpy(h.data(), o, 512, cudaMemcpyDeviceToHost)) return e;
    for (float x : h)
      if (x != 16) return cudaErrorUnknown;
    return cudaSuccess;
  });
  auto run_read = [](int w) {
    return [=] {
      auto m = fmap();
      no_read_wait<<<1, 128>>>(m, w);
      return cudaDeviceSynchronize();
    };
  };
  expect("source of a TMA store overwritten", cudaErrorLaunchFailure, "wait_group.read is missing",
         run_read(0), "1");
  expect("... after wait_group.read", cudaSuccess, "", run_read(1), "1");
  expect("deadlock: an arrival too few", cudaErrorLaunchFailure, "1 of 33 arrivals pending", [] {
    lost_arrival<<<1, 32>>>();
    return cudaDeviceSynchronize();
  });
  expect("deadlock: too few bytes", cudaErrorLaunchFailure, "transaction count 64 bytes", [] {
    int* p;
    cudaMalloc(&p, 4096);
    lost_tx<<<1, 32>>>(p);
    return cudaDeviceSynchronize();
  });
  expect("mbarrier not initialised", cudaErrorLaunchFailure, "not initialised", [] {
    not_init<<<1, 32>>>();
    return cudaDeviceSynchronize();
  });
  expect("too many arrivals", cudaErrorLaunchFailure, "only 1 of 4 are pending", [] {
    too_many<<<1, 32>>>();
    return cudaDeviceSynchronize();
  });
  expect("bulk size not a multiple of 16", cudaErrorMisalignedAddress, "multiple of 16", [] {
    int* p;
    cudaMalloc(&p, 4096);
    bad_size<<<1, 32>>>(p, 20);
    return cudaDeviceSynchronize();
  });
  expect("bulk copy out of bounds", cudaErrorIllegalAddress, "asynchronous copy engine", [] {
    int* p;
    cudaMalloc(&p, 1024);
    bulk_oob<<<1, 32>>>(p);
    return cudaDeviceSynchronize();
  });
  expect("tile at a misaligned address", cudaErrorMisalignedAddress, "alignment 128", [] {
    auto m = fmap();
    misaligned_tile<<<1, 32>>>(m);
    return cudaDeviceSynchronize();
  });
  expect("not a tensor map", cudaErrorIllegalInstruction, "no valid tensor map", [] {
    CUtensorMap m;
    memset(&m, 0, sizeof m);
    not_a_map<<<1, 32>>>(m);
    return cudaDeviceSynchronize();
  });
  expect("wgmma with three warps", cudaErrorLaunchFailure, "warpgroup", [] {
    float* o;
    cudaMalloc(&o, 512);
    three_warps<<<1, 128>>>(o);
    return cudaDeviceSynchronize();
  });
  expect("DSMEM of a block that has ended", cudaErrorIllegalAddress, "has ended", [] {
    int* o;
    cudaMalloc(&o, 4);
    dead_neighbour<<<2, 32>>>(o);
    return cudaDeviceSynchronize();
  });
  expect("deadlock across a cluster", cudaErrorLaunchFailure, "barrier.cluster", [] {
    half_cluster_barrier<<<2, 32>>>();
    return cudaDeviceSynchronize();
  });
  return 0;
}

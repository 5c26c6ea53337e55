// The race check (VGPU_RACE), poison of uninitialised and in-flight memory, random schedules
// (VGPU_SCHED). Each case runs in a process of its own with its environment, and says what
// cudaDeviceSynchronize returned and whether the result was right.
#include <cmath>
#include <cuda_bf16.h>
#include <functional>
#include <map>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vgpu/tests/check.h"
#include "tests/vgpu/tests/temporary_file.h"
using u32 = uint32_t;
__device__ u32 smem(const void* p) { return (u32)__cvta_generic_to_shared(p); }
__device__ void cp16(void* dst, const void* src) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 16;" ::"r"(smem(dst)), "l"(src) : "memory");
}
#define COMMIT asm volatile("cp.async.commit_group;" ::: "memory")
#define WAIT(n) asm volatile("cp.async.wait_group " #n ";" ::: "memory")

template <bool SYNC>
__global__ void reverse(const float* in, float* out) {  // read after write
  __shared__ float tile[128];
  int t = threadIdx.x;
  tile[t] = in[t];
  if (SYNC) __syncthreads();
  out[t] = tile[127 - t];
}
template <bool SYNC>
__global__ void reuse(const float* in, float* out) {  // write after read, in the second round
  __shared__ float tile[128];
  int t = threadIdx.x;
  for (int k = 0; k < 2; k++) {
    tile[t] = in[k * 128 + t];
    __syncthreads();
    out[k * 128 + t] = tile[127 - t];
    if (SYNC) __syncthreads();
  }
}
__global__ void two_writers(float* out) {
  __shared__ float x;
  x = threadIdx.x;
  __syncthreads();
  out[threadIdx.x] = x;
}
__global__ void flag(const float* in, float* out) {
  __shared__ int any;
  if (threadIdx.x == 0) any = 0;
  __syncthreads();
  if (in[threadIdx.x] > -100.f) any = 1;
  __syncthreads();
  out[threadIdx.x] = any ? in[127 - threadIdx.x] : 0;
}
__global__ void neighbours(const float* in, float* out) {  // warps share words, not bytes
  __shared__ unsigned char warp_flag[4];
  __shared__ __nv_bfloat16 h[128];
  int t = threadIdx.x;
  if (t % 32 == 0) warp_flag[t / 32] = t / 32 + 1;
  int p = t % 4 * 32 + t / 4;
  h[p] = __float2bfloat16(in[127 - p]);
  __syncthreads();
  out[t] =
      __bfloat162float(h[t]) * (warp_flag[0] + warp_flag[1] + warp_flag[2] + warp_flag[3]) / 10.f;
}
template <bool WAIT_>
__global__ void copy(const float* in, float* out) {
  __shared__ __align__(16) float tile[128];
  int t = threadIdx.x;
  if (t < 32) cp16(&tile[t * 4], in + t * 4);
  COMMIT;
  if (WAIT_) WAIT(0);
  __syncthreads();
  out[t] = tile[127 - t];
}
__global__ void copy_too_early(const float* in, float* out) {  // waits for the wrong group
  __shared__ __align__(16) float tile[2][128];
  int t = threadIdx.x;
  for (int k = 0; k < 2; k++) {
    if (t < 32) cp16(&tile[k][t * 4], in + t * 4);
    COMMIT;
  }
  WAIT(1);
  __syncthreads();
  out[t] = tile[1][127 - t];
}
template <bool SYNC>
__global__ void pipeline(
    const float* in,
    float* out) {  // two stages; without the second barrier a copy overtakes readers
  __shared__ __align__(16) float tile[2][128];
  int t = threadIdx.x;
  if (t < 32) cp16(&tile[0][t * 4], in + t * 4);
  COMMIT;
  float s = 0;
  for (int k = 0; k < 6; k++) {
    if (t < 32) cp16(&tile[(k + 1) & 1][t * 4], in + t * 4);
    COMMIT;
    WAIT(1);
    __syncthreads();
    s += tile[k & 1][127 - t];
    if (SYNC) __syncthreads();
  }
  out[t] = s / 6;
}
__global__ void zero_fill(
    const float* in, float* out) {  // sizes 0..16 of 16, and bounds: nothing beyond them is read
  __shared__ __align__(16) float tile[128];
  __shared__ __align__(16) float w[128];
  int t = threadIdx.x;
  if (t < 32) {
    int n = t < 31 ? 16 : 8;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(smem(&tile[t * 4])),
                 "l"(in + t * 4), "r"(n)
                 : "memory");
  }
  u32 z = t >= 64 ? 4 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(smem(&w[t])),
               "l"(t >= 64 ? in + t : in + 100000), "r"(z)
               : "memory");
  asm volatile("cp.async.wait_all;" ::: "memory");
  __syncthreads();
  out[t] = t < 2                                        ? (tile[127 - t] == 0 ? in[127 - t] : -1)
           : w[127 - t] == (t > 63 ? 0.f : in[127 - t]) ? tile[127 - t]
                                                        : -1;
}
__global__ void groups_per_lane(const float* in,
                                float* out) {  // half of a warp commits more groups than the other
  __shared__ __align__(16) float tile[3][128];
  int t = threadIdx.x;
  for (int k = 0; k < 3; k++) {
    if (t % 4 == 0) cp16(&tile[k][t], in + t);
    if (t & 32 || k == 0) COMMIT;
  }
  if (t & 32)
    WAIT(2);
  else
    WAIT(0);
  __syncthreads();
  float a = tile[0][127 - t];
  asm volatile("cp.async.wait_all;" ::: "memory");
  __syncthreads();
  out[t] = tile[2][127 - t] == a && tile[1][127 - t] == a ? a : -1;
}
template <bool SYNC>
__global__ void producer(const float* in,
                         float* out) {  // named barriers: two producing warps, two consuming
  __shared__ float tile[64];
  int t = threadIdx.x;
  if (t < 64) {
    tile[t] = in[t];
    asm volatile("bar.arrive 1, 128;" ::: "memory");
    if (SYNC) asm volatile("bar.sync 2, 128;" ::: "memory");  // the consumers have read it
    tile[t] = in[64 + t];
    asm volatile("bar.arrive 3, 128;" ::: "memory");
  } else {
    asm volatile("bar.sync 1, 128;" ::: "memory");
    out[64 + 127 - t] = tile[t - 64];
    out[127 - (t - 64)] = tile[t - 64];
    if (SYNC) asm volatile("bar.arrive 2, 128;" ::: "memory");
    asm volatile("bar.sync 3, 128;" ::: "memory");
    out[127 - t] = tile[t - 64];
  }
}
__global__ void atomics(const float* in, float* out) {
  __shared__ int n;
  __shared__ float v[128];
  if (threadIdx.x == 0) n = 0;
  __syncthreads();
  int k = atomicAdd(&n, 1);
  v[k] = in[threadIdx.x];
  __syncthreads();
  float s = 0;
  for (int i = 0; i < 128; i++) s += v[i];
  out[threadIdx.x] = n == 128 && isfinite(s) ? in[127 - threadIdx.x] : -1;
}
__global__ void spin_flag(const float* in, float* out) {
  __shared__ float tile[128];
  __shared__ volatile int ready;
  int t = threadIdx.x;
  if (t == 0) ready = 0;
  __syncthreads();
  if (t < 32) {
    for (int k = 0; k < 4; k++) tile[t + 32 * k] = in[t + 32 * k];
    __threadfence_block();
    __syncwarp();
    if (t == 0) ready = 1;
  } else {
    while (!ready) {
    }
    __threadfence_block();
  }
  __syncwarp();
  out[t] = tile[127 - t];
}
__global__ void ends_early(const float* in, float* out) {
  __shared__ float tile[128];
  int t = threadIdx.x;
  tile[t] = in[t];
  if (t >= 96) {
    out[t] = in[127 - t];
    return;
  }
  __syncthreads();
  out[t] = tile[127 - t];
}
template <bool SYNC>
__global__ void one_warp(const float* in, float* out) {
  __shared__ float tile[32];
  int t = threadIdx.x % 32;
  if (threadIdx.x >= 32) return;
  for (int k = 0; k < 4; k++) {
    tile[t] = in[k * 32 + t];
    if (SYNC) __syncwarp();
    out[127 - (k * 32 + t)] = tile[t];
    float x = tile[31 - t];
    if (SYNC) __syncwarp();
    if (x < -1e9f) out[0] = x;
  }
}
__global__ void through_ldmatrix(const float* in,
                                 float* out) {  // the tile is written by one warp, read by all
  __shared__ __align__(16) u32 tile[32];
  int t = threadIdx.x;
  if (t < 32) tile[t] = __float_as_uint(in[t]);
  u32 r;
  asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
               : "=r"(r)
               : "r"(smem(&tile[t % 8 * 4]))
               : "memory");
  out[127 - t] = __uint_as_float(r);
}
__global__ void in_order(const float* in, float* out) {  // relies on warp 0 being first
  __shared__ float tile[128];
  int t = threadIdx.x;
  if (t < 32)
    for (int k = 0; k < 4; k++) tile[t + 32 * k] = in[t + 32 * k];
  out[t] = tile[127 - t];
}
__global__ void block_order(int* next, const float* in, float* out) {
  if (threadIdx.x == 0 && atomicAdd(next, 1) != blockIdx.x) *next = 1 << 20;
  if (blockIdx.x == gridDim.x - 1)
    out[threadIdx.x] = *next < (1 << 20) ? in[127 - threadIdx.x] : -1;
}
__global__ void uninitialised(const float*, float* out) {
  __shared__ float s[128];
  extern __shared__ float e[];
  out[threadIdx.x] = s[threadIdx.x] + e[threadIdx.x];
}

static std::vector<float> input() {
  std::vector<float> v(256);
  for (int i = 0; i < 256; i++) v[i] = (float)(i % 128) + 1;
  return v;
}
// What the kernels compute: out[t] = in[127 - t].
struct Result {
  cudaError_t e;
  bool right, poison;
};
template <class F>
Result run(F launch, int n = 128) {
  auto in = input();
  DeviceBuffer<float> d(in), o(256);
  launch((const float*)d.p, o.p);
  Result r{cudaDeviceSynchronize(), true, false};
  if (r.e) return r;
  auto v = o.get();
  for (int i = 0; i < n; i++) {
    r.right &= v[i] == in[127 - i % 128];
    r.poison |= std::isnan(v[i]);
  }
  return r;
}
static std::map<std::string, std::function<Result()>> cases = {
    {"reverse", [] { return run([](auto i, auto o) { reverse<true><<<2, 128>>>(i, o); }); }},
    {"reverse, no barrier",
     [] { return run([](auto i, auto o) { reverse<false><<<2, 128>>>(i, o); }); }},
    {"reuse", [] { return run([](auto i, auto o) { reuse<true><<<2, 128>>>(i, o); }, 256); }},
    {"reuse, no barrier",
     [] { return run([](auto i, auto o) { reuse<false><<<2, 128>>>(i, o); }, 256); }},
    {"two writers", [] { return run([](auto, auto o) { two_writers<<<1, 128>>>(o); }); }},
    {"flag", [] { return run([](auto i, auto o) { flag<<<1, 128>>>(i, o); }); }},
    {"neighbours", [] { return run([](auto i, auto o) { neighbours<<<1, 128>>>(i, o); }); }},
    {"copy", [] { return run([](auto i, auto o) { copy<true><<<1, 128>>>(i, o); }); }},
    {"copy, no wait", [] { return run([](auto i, auto o) { copy<false><<<1, 128>>>(i, o); }); }},
    {"copy, wrong group",
     [] { return run([](auto i, auto o) { copy_too_early<<<1, 128>>>(i, o); }); }},
    {"pipeline", [] { return run([](auto i, auto o) { pipeline<true><<<1, 128>>>(i, o); }); }},
    {"pipeline, no barrier",
     [] { return run([](auto i, auto o) { pipeline<false><<<1, 128>>>(i, o); }); }},
    {"zero fill", [] { return run([](auto i, auto o) { zero_fill<<<1, 128>>>(i, o); }); }},
    {"groups per lane",
     [] { return run([](auto i, auto o) { groups_per_lane<<<1, 128>>>(i, o); }); }},
    {"producer", [] { return run([](auto i, auto o) { producer<true><<<1, 128>>>(i, o); }); }},
    {"producer, no barrier",
     [] { return run([](auto i, auto o) { producer<false><<<1, 128>>>(i, o); }); }},
    {"atomics", [] { return run([](auto i, auto o) { atomics<<<1, 128>>>(i, o); }); }},
    {"spin flag", [] { return run([](auto i, auto o) { spin_flag<<<1, 128>>>(i, o); }); }},
    {"ends early", [] { return run([](auto i, auto o) { ends_early<<<1, 128>>>(i, o); }); }},
    {"one warp", [] { return run([](auto i, auto o) { one_warp<true><<<1, 64>>>(i, o); }); }},
    {"one warp, no sync",
     [] { return run([](auto i, auto o) { one_warp<false><<<1, 64>>>(i, o); }); }},
    {"ldmatrix, no barrier",
     [] { return run([](auto i, auto o) { through_ldmatrix<<<1, 128>>>(i, o); }); }},
    {"in order", [] { return run([](auto i, auto o) { in_order<<<1, 128>>>(i, o); }); }},
    {"block order",
     [] {
       DeviceBuffer<int> n(1);
       return run([&](auto i, auto o) { block_order<<<40, 128>>>(n, i, o); });
     }},
    {"uninitialised",
     [] { return run([](auto i, auto o) { uninitialised<<<1, 128, 512>>>(i, o); }); }},
};
struct Outcome {
  int e, right, poison;
  std::string text;
};
Outcome in_child(const char* name, std::vector<std::pair<const char*, const char*>> env) {
  const std::string file = temporary_file();
  fflush(stdout);
  int fd[2];
  if (pipe(fd)) exit(1);
  pid_t pid = fork();
  if (pid == 0) {
    for (auto& [k, v] : env) setenv(k, v, 1);
    dup2(fd[1], 1);
    if (!freopen(file.c_str(), "w", stderr)) {
    }
    execl("/proc/self/exe", "race", name, nullptr);
    _exit(1);
  }
  close(fd[1]);
  char buf[64] = {0};
  if (read(fd[0], buf, sizeof buf - 1) < 0) {
  }
  int st;
  waitpid(pid, &st, 0);
  close(fd[0]);
  Outcome o{-1, 0, 0, read_and_remove(file)};
  sscanf(buf, "%d %d %d", &o.e, &o.right, &o.poison);
  return o;
}
void expect(const char* title, bool ok, const Outcome& o) {
  if (!ok)
    printf("# %s: error %d, right %d, poison %d\n%s", title, o.e, o.right, o.poison,
           o.text.c_str());
  CHECK(title, ok);
}
int main(int argc, char** argv) {
  if (argc > 1) {
    Result r = cases.at(argv[1])();
    printf("%d %d %d\n", (int)r.e, r.right, r.poison);
    return 0;
  }
  auto silent = [](const char* c, const char* level = "1") {
    auto o = in_child(c, {{"VGPU_RACE", level}});
    expect((std::string("race check silent: ") + c + (*level == '2' ? " (level 2)" : "")).c_str(),
           o.e == 0 && o.right && o.text.find("race") == std::string::npos, o);
  };
  auto caught = [](const char* c, const char* level = "1") {
    auto o = in_child(c, {{"VGPU_RACE", level}});
    expect((std::string("race check catches: ") + c + (*level == '2' ? " (level 2)" : "")).c_str(),
           o.e == (int)cudaErrorLaunchFailure &&
               o.text.find("shared memory race: warp ") != std::string::npos &&
               o.text.find("PTX line") != std::string::npos &&
               o.text.find("block (") != std::string::npos,
           o);
    return o;
  };
  for (auto c : {"reverse", "reuse", "flag", "neighbours", "copy", "pipeline", "zero fill",
                 "groups per lane", "producer", "atomics", "spin flag", "ends early", "one warp",
                 "one warp, no sync"})
    silent(c);
  for (auto c : {"reverse", "reuse", "copy", "pipeline", "producer", "one warp"}) silent(c, "2");
  auto o = caught("reverse, no barrier");
  expect("the message names the array and the offset",
         o.text.find("tile' + ") != std::string::npos &&
             o.text.find("word at offset 0x") != std::string::npos &&
             o.text.find("the other access: ") != std::string::npos,
         o);
  for (auto c : {"reuse, no barrier", "two writers", "copy, no wait", "copy, wrong group",
                 "pipeline, no barrier", "producer, no barrier", "ldmatrix, no barrier"})
    caught(c);
  caught("one warp, no sync", "2");
  auto plain = [](const char* c, const char* title, int right, int poison) {
    auto o = in_child(c, {});
    expect(title, o.e == 0 && o.right == right && o.poison == poison, o);
  };
  plain("copy", "cp.async with a wait: right", 1, 0);
  plain("copy, no wait", "cp.async without a wait: poison", 0, 1);
  plain("copy, wrong group", "cp.async, waiting for the wrong group: poison", 0, 1);
  plain("pipeline", "cp.async pipeline", 1, 0);
  plain("zero fill", "cp.async with source sizes", 1, 0);
  plain("groups per lane", "cp.async groups belong to lanes", 1, 0);
  plain("uninitialised", "shared memory nobody wrote is poison", 0, 1);
  {
    unsigned* p;
    cudaMalloc(&p, 4096);
    unsigned v[2];
    cudaMemcpy(v, p + 500, 8, cudaMemcpyDeviceToHost);
    CHECK("new device memory is poison", v[0] == 0xffffffffu && v[1] == 0xffffffffu);
    cudaFree(p);
  }
  plain("in order", "a hidden assumption about the order of warps holds by default", 1, 0);
  int wrong = 0, blocks = 0, good = 0;
  const char* seeds[] = {"random:1", "random:2", "random:3", "random:4"};
  for (auto s : seeds) {
    wrong += !in_child("in order", {{"VGPU_SCHED", s}}).right;
    blocks += !in_child("block order", {{"VGPU_SCHED", s}, {"VGPU_THREADS", "1"}}).right;
    good += in_child("pipeline", {{"VGPU_SCHED", s}}).right +
            in_child("spin flag", {{"VGPU_SCHED", s}}).right +
            in_child("producer", {{"VGPU_SCHED", s}}).right;
  }
  CHECK("VGPU_SCHED=random shows it", wrong > 0);
  CHECK("VGPU_SCHED=random changes the order of blocks", blocks > 0);
  CHECK("VGPU_SCHED=random leaves correct kernels alone", good == 12);
  {
    auto q = in_child("block order", {{"VGPU_THREADS", "1"}});
    expect("blocks start in order by default", q.e == 0 && q.right, q);
  }
  return 0;
}

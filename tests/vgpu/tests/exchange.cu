// The check of warp exchanges (VGPU_RACE=1): shuffles that read a lane which takes no part, votes
// and the like without a member. Each case runs in a process of its own; correct kernels, CUB's
// among them, must pass with right results.
#include <cub/cub.cuh>
#include <functional>
#include <map>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vgpu/tests/check.h"
#include "tests/vgpu/tests/temporary_file.h"
#define FULL 0xffffffffu
#define LANE (threadIdx.x & 31)
#define GLOBAL (blockIdx.x * blockDim.x + threadIdx.x)
// ---- correct ----
__global__ void full_down(int* o) {
  int v = LANE;
  for (int k = 16; k; k >>= 1) v += __shfl_down_sync(FULL, v, k);
  if (LANE == 0)
    o[GLOBAL] = v == 496;
  else
    o[GLOBAL] = 1;
}
__global__ void full_xor(int* o) {
  int v = LANE;
  for (int k = 16; k; k >>= 1) v += __shfl_xor_sync(FULL, v, k);
  o[GLOBAL] = v == 496;
}
__global__ void full_up(int* o) {
  int v = 1;
  for (int k = 1; k < 32; k *= 2) {
    int u = __shfl_up_sync(FULL, v, k);
    if (LANE >= k) v += u;
  }
  o[GLOBAL] = v == (int)LANE + 1;
}
__global__ void half_xor(int* o) {
  int ok = 1;
  if (LANE < 16) {
    int v = LANE;
    for (int k = 8; k; k >>= 1) v += __shfl_xor_sync(0xffffu, v, k);
    ok = v == 120;
  }
  o[GLOBAL] = ok;
}
__global__ void half_width(int* o) {
  int ok = 1;
  if (LANE >= 16) {
    int v = 1;
    for (int k = 8; k; k >>= 1) v += __shfl_down_sync(0xffff0000u, v, k, 16);
    ok = LANE != 16 || v == 16;
  }
  o[GLOBAL] = ok;
}
__global__ void width8(int* o) {
  int v = 1;
  for (int k = 4; k; k >>= 1) v += __shfl_xor_sync(FULL, v, k, 8);
  int b = __shfl_sync(FULL, LANE, 3, 8);
  o[GLOBAL] = v == 8 && b == (int)(LANE & 24) + 3;
}
__global__ void quads(int* o) {
  unsigned m = 0xfu << (LANE & 28);
  int v = __shfl_up_sync(m, LANE, 1, 4), w = __shfl_sync(m, LANE, LANE ^ 3);
  o[GLOBAL] = v == (int)(LANE & 3 ? LANE - 1 : LANE) && w == (int)(LANE ^ 3);
}
__global__ void two_sides(int* o) {
  int v;
  if (LANE & 1)
    v = __shfl_xor_sync(0xaaaaaaaau, LANE, 2);
  else
    v = __shfl_xor_sync(0x55555555u, LANE, 4);
  o[GLOBAL] = v == (int)(LANE & 1 ? LANE ^ 2 : LANE ^ 4);
}
__global__ void ballot_mask(int* o, int n) {
  unsigned m = __ballot_sync(FULL, LANE < n);
  int ok = 1;
  if (LANE < n) {
    int v = __shfl_sync(m, LANE, n - 1);
    ok = v == n - 1;
    int u = __shfl_up_sync(m, LANE, 1);
    ok &= LANE == 0 || u == (int)LANE - 1;
    ok &= __any_sync(m, LANE == n - 1) && !__all_sync(m, LANE == 0);
  }
  o[GLOBAL] = ok;
}
// the others do not count
__global__ void ended(int* o) {
  o[GLOBAL] = 1;
  if (LANE >= 20) return;
  o[GLOBAL] = __ballot_sync(FULL, 1) == 0xfffffu && __shfl_sync(FULL, LANE, 19) == 19;
}
__global__ void partial_warp(int* o) {
  o[GLOBAL] = __shfl_sync(FULL, threadIdx.x, 0) == (int)(threadIdx.x & ~31);
}
__global__ void matches(int* o) {
  unsigned m = LANE < 16 ? 0xffffu : 0xffff0000u;
  unsigned q = __match_any_sync(m, LANE & 3);
  o[GLOBAL] = q == (0x11111111u << (LANE & 3) & m);
}
__global__ void active(int* o) {
  int ok = 1;
  if (LANE % 3 == 0) {
    unsigned m = __activemask();
    ok = __shfl_sync(m, LANE, __ffs(m) - 1) == __ffs(m) - 1;
  }
  o[GLOBAL] = ok;
}
// beyond the segment: one's own
__global__ void out_of_range(int* o) {
  int ok = 1;
  if (LANE < 8) ok = __shfl_down_sync(0xff, LANE, 4, 8) == (int)(LANE < 4 ? LANE + 4 : LANE);
  o[GLOBAL] = ok;
}
template <int W>
__global__ void cub_warp(int* o, int valid) {
  using R = cub::WarpReduce<int, W>;
  using S = cub::WarpScan<int, W>;
  __shared__ typename R::TempStorage r[128 / W];
  __shared__ typename S::TempStorage s[128 / W];
  int w = threadIdx.x / W, l = threadIdx.x % W, a = R(r[w]).Sum(1), b = R(r[w]).Sum(1, valid), c;
  S(s[w]).InclusiveSum(1, c);
  o[GLOBAL] = (l || (a == W && b == valid)) && c == l + 1;
}
template <int B>
__global__ void cub_block(int* o, int valid) {
  using R = cub::BlockReduce<int, B>;
  using S = cub::BlockScan<int, B>;
  using Q = cub::BlockReduce<int, B, cub::BLOCK_REDUCE_RAKING>;
  __shared__ typename R::TempStorage r;
  __shared__ typename S::TempStorage s;
  __shared__ typename Q::TempStorage q;
  int a = R(r).Sum(1), c, d = Q(q).Sum(1);
  __syncthreads();
  int b = R(r).Sum(1, valid);
  S(s).ExclusiveSum(1, c);
  o[GLOBAL] = (threadIdx.x || (a == B && b == valid && d == B)) && c == (int)threadIdx.x;
}
// ---- faulty ----
// lane 8 reads lane 16
__global__ void half_down(int* o) {
  o[GLOBAL] = 1;
  if (LANE < 16) {
    int v = LANE;
    for (int k = 8; k; k >>= 1) v += __shfl_down_sync(0xffffu, v, k);
    o[GLOBAL] = v;
  }
}
__global__ void tail(int* o, int n) {
  unsigned m = __ballot_sync(FULL, LANE < n);
  if (LANE < n) {
    int v = 1;
    for (int k = 16; k; k >>= 1) v += __shfl_down_sync(m, v, k);
    o[GLOBAL] = v;
  }
}
__global__ void reads_ended(int* o) {
  if (LANE == 20) return;
  o[GLOBAL] = __shfl_sync(FULL, LANE, 20);
}
__global__ void reads_nobody(int* o) { o[GLOBAL] = __shfl_xor_sync(FULL, threadIdx.x, 16); }
__global__ void other_mask(int* o) {
  o[GLOBAL] = __shfl_sync(LANE < 16 ? 0xffffu : 0xffff0000u, LANE, 5);
}
__global__ void own_mask(int* o) { o[GLOBAL] = __shfl_sync(0xfffffffeu, LANE, LANE | 1); }
__global__ void own_vote(int* o) { o[GLOBAL] = __ballot_sync(0x7fffffffu, 1); }
__global__ void mixed_vote(int* o) {
  o[GLOBAL] = __any_sync(LANE < 16 ? 0xffffu : FULL, LANE == 3);
}
__global__ void mixed_match(int* o) {
  o[GLOBAL] = __match_any_sync(LANE < 16 ? FULL : 0xffff0000u, LANE & 1);
}
__global__ void mixed_redux(int* o) {
  o[GLOBAL] = __reduce_add_sync(LANE < 16 ? 0xffffu : FULL, 1);
}
__global__ void predicated(int* o) {
  int v = LANE;
  asm volatile(
      "{.reg .pred p; setp.ne.u32 p, %1, 7; @p shfl.sync.idx.b32 %0, %1, 7, 0x1f, 0xffffffff;}"
      : "+r"(v)
      : "r"(LANE));
  o[GLOBAL] = v;
}
struct Result {
  cudaError_t e;
  int right;
};
template <class F>
Result run(F f, int n = 128) {
  DeviceBuffer<int> o(n);
  CHECK_CUDA(cudaMemset(o.p, 0, n * 4));
  f(o.p);
  Result r{cudaDeviceSynchronize(), 1};
  if (r.e == cudaSuccess)
    for (int x : o.get()) r.right &= x == 1;
  return r;
}
#define ONE(k)                                              \
  {                                                         \
#k, [] { return run([](int* o) { k<<<2, 64>>>(o); }); } \
  }
static std::map<std::string, std::function<Result()>> cases = {
    ONE(full_down),
    ONE(full_xor),
    ONE(full_up),
    ONE(half_xor),
    ONE(half_width),
    ONE(width8),
    ONE(quads),
    ONE(two_sides),
    ONE(ended),
    ONE(matches),
    ONE(active),
    ONE(out_of_range),
    {"ballot_mask", [] { return run([](int* o) { ballot_mask<<<2, 64>>>(o, 19); }); }},
    {"partial_warp", [] { return run([](int* o) { partial_warp<<<3, 40>>>(o); }, 120); }},
    {"cub_warp32", [] { return run([](int* o) { cub_warp<32><<<1, 128>>>(o, 19); }); }},
    {"cub_warp16", [] { return run([](int* o) { cub_warp<16><<<1, 128>>>(o, 11); }); }},
    {"cub_warp8", [] { return run([](int* o) { cub_warp<8><<<1, 128>>>(o, 3); }); }},
    {"cub_block128", [] { return run([](int* o) { cub_block<128><<<1, 128>>>(o, 77); }); }},
    {"cub_block50", [] { return run([](int* o) { cub_block<50><<<2, 50>>>(o, 41); }, 100); }},
    {"cub_block20", [] { return run([](int* o) { cub_block<20><<<2, 20>>>(o, 7); }, 40); }},
    ONE(half_down),
    ONE(reads_ended),
    ONE(other_mask),
    ONE(own_mask),
    ONE(own_vote),
    ONE(mixed_vote),
    ONE(mixed_match),
    ONE(mixed_redux),
    ONE(predicated),
    {"tail", [] { return run([](int* o) { tail<<<2, 64>>>(o, 19); }); }},
    {"reads_nobody", [] { return run([](int* o) { reads_nobody<<<1, 40>>>(o); }); }},
};
struct Outcome {
  int e, right;
  std::string text;
};
Outcome in_child(const char* name, const char* level) {
  const std::string file = temporary_file();
  fflush(stdout);
  int fd[2];
  if (pipe(fd)) exit(1);
  pid_t pid = fork();
  if (pid == 0) {
    setenv("VGPU_RACE", level, 1);
    dup2(fd[1], 1);
    if (!freopen(file.c_str(), "w", stderr)) {
    }
    execl("/proc/self/exe", "exchange", name, nullptr);
    _exit(1);
  }
  close(fd[1]);
  char buf[64] = {0};
  if (read(fd[0], buf, sizeof buf - 1) < 0) {
  }
  int st;
  waitpid(pid, &st, 0);
  close(fd[0]);
  Outcome o{-1, 0, read_and_remove(file)};
  sscanf(buf, "%d %d", &o.e, &o.right);
  return o;
}
void expect(const std::string& title, bool ok, const Outcome& o) {
  if (!ok) printf("# %s: error %d, right %d\n%s", title.c_str(), o.e, o.right, o.text.c_str());
  CHECK(title.c_str(), ok);
}
int main(int argc, char** argv) {
  if (argc > 1) {
    Result r = cases.at(argv[1])();
    printf("%d %d\n", (int)r.e, r.right);
    return 0;
  }
  for (auto c : {"full_down",    "full_xor",  "full_up",      "half_xor",     "half_width",
                 "width8",       "quads",     "two_sides",    "ballot_mask",  "ended",
                 "partial_warp", "matches",   "active",       "out_of_range", "cub_warp32",
                 "cub_warp16",   "cub_warp8", "cub_block128", "cub_block50",  "cub_block20"}) {
    auto o = in_child(c, "1");
    expect(std::string("exchange check silent: ") + c, o.e == 0 && o.right && o.text.empty(), o);
  }
  auto caught = [](const char* c, const char* what) {
    auto o = in_child(c, "1");
    bool named = o.text.find("kernel ") != std::string::npos &&
                 o.text.find(c) != std::string::npos &&
                 o.text.find("PTX line") != std::string::npos;
    expect(std::string("exchange check catches: ") + c,
           o.e == (int)cudaErrorLaunchFailure && named && o.text.find(what) != std::string::npos,
           o);
    auto p = in_child(c, "0");
    expect(std::string("without VGPU_RACE it runs: ") + c, p.e == 0, p);
  };
  caught("half_down", "lane 8 reads lane 16, which is not in the member mask 0x0000ffff");
  caught("tail", "lane 3 reads lane 19, which is not in the member mask 0x0007ffff");
  caught("reads_ended", "lane 0 reads lane 20, which is in the member mask, but has ended");
  caught("reads_nobody",
         "lane 0 reads lane 16, which is in the member mask, but the block has no such thread");
  caught("other_mask", "lane 16 reads lane 5, which is not in the member mask 0xffff0000");
  caught("own_mask", "lane 0 is not in its own member mask 0xfffffffe");
  caught("own_vote", "lane 31 is not in its own member mask 0x7fffffff");
  caught("mixed_vote",
         "lane 16 needs lane 0, which is in the member mask 0xffffffff, but executes this with the "
         "mask 0x0000ffff");
  caught("mixed_match",
         "lane 0 needs lane 16, which is in the member mask 0xffffffff, but executes this with the "
         "mask 0xffff0000");
  caught("mixed_redux",
         "lane 16 needs lane 0, which is in the member mask 0xffffffff, but executes this with the "
         "mask 0x0000ffff");
  caught("predicated",
         "lane 0 reads lane 7, which is in the member mask, but does not execute this");
  return 0;
}

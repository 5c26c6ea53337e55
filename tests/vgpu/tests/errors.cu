// Faulty kernels must end in the right CUDA error. Each case runs in a child process: the errors
// are sticky.
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vgpu/tests/check.h"
__global__ void oob(int* p, int k) { p[threadIdx.x + k] = 1; }
__global__ void oob_read(const int* p, int k, int* o) { o[threadIdx.x] = p[threadIdx.x * 2 + k]; }
__global__ void misaligned(const float* p, float4* o) {
  o[threadIdx.x] = *(const float4*)(p + 1 + threadIdx.x * 4);
}
__global__ void shared_oob(int* o, int k) {
  extern __shared__ int s[];
  s[threadIdx.x + k] = 1;
  __syncthreads();
  o[threadIdx.x] = s[threadIdx.x];
}
__global__ void half_barrier(int* o) {
  __shared__ int s;
  if (threadIdx.x < 40) {
    if (threadIdx.x == 0) s = 1;
    asm volatile("bar.sync 3, 128;");
    o[threadIdx.x] = s;
  }
}
__global__ void divergent_barrier(int* o) {
  if (threadIdx.x & 1) {
    asm volatile("bar.sync 0; // a");
    o[0] = 1;
  } else {
    o[1] = 2;
    asm volatile("bar.sync 0; // b");
  }
}
__global__ void missing_lane(int* o) {
  if (threadIdx.x != 7)
    o[threadIdx.x] = __shfl_sync(~0u, threadIdx.x, 7);
  else {
    volatile int* p = o;
    while (p[100] == 0) {
    }
  }
}
__global__ void do_assert(int k) {
  if (threadIdx.x == 3) {
    if (!(k == 5)) __trap();
  }
}
__global__ void do_assert2(int k);
#undef NDEBUG
#include <cassert>
__global__ void do_assert2(int k) { assert(k == 5 && "k is five"); }
__device__ __noinline__ int deep(int n, int* p) {
  int a[64];
  for (int i = 0; i < 64; i++) a[i] = p[i & 3] + n;
  int r = n ? deep(n - 1, a) : 0;
  return r + a[n & 63];
}
__global__ void overflow(int* o) { *o = deep(100000, o); }
__global__ void spin(int* p) {
  volatile int* q = p;
  while (*q == 0) {
  }
}
__global__ void use_after_free(int* p) { p[threadIdx.x]++; }
template <class F>
void expect(const char* name, cudaError_t want, F f) {
  fflush(stdout);
  int fd[2];
  if (pipe(fd)) exit(1);
  pid_t pid = fork();
  if (pid == 0) {
    cudaError_t e = f();
    void* q;
    cudaError_t again = cudaMalloc(&q, 4);
    int r[2] = {(int)e, (int)again};
    if (write(fd[1], r, sizeof r) < 0) {
    }
    fflush(stderr);
    _exit(0);
  }
  int r[2] = {-1, -1};
  close(fd[1]);
  if (read(fd[0], r, sizeof r) < 0) {
  }
  int st;
  waitpid(pid, &st, 0);
  close(fd[0]);
  if (r[0] != want) printf("# %s: got %d (%s)\n", name, r[0], cudaGetErrorName((cudaError_t)r[0]));
  CHECK(name, r[0] == want);
  (void)r[1];
}
int main() {
  expect("store out of bounds", cudaErrorIllegalAddress, [] {
    int* p;
    cudaMalloc(&p, 400);
    oob<<<1, 32>>>(p, 90);
    return cudaDeviceSynchronize();
  });
  expect("negative index", cudaErrorIllegalAddress, [] {
    int* p;
    cudaMalloc(&p, 400);
    oob<<<1, 32>>>(p, -1);
    return cudaDeviceSynchronize();
  });
  expect("load out of bounds", cudaErrorIllegalAddress, [] {
    int *p, *o;
    cudaMalloc(&p, 400);
    cudaMalloc(&o, 400);
    oob_read<<<1, 32>>>(p, 40, o);
    return cudaDeviceSynchronize();
  });
  expect("null pointer", cudaErrorIllegalAddress, [] {
    oob<<<1, 32>>>(nullptr, 0);
    return cudaDeviceSynchronize();
  });
  expect("host pointer", cudaErrorIllegalAddress, [] {
    static int h[100];
    oob<<<1, 32>>>(h, 0);
    return cudaDeviceSynchronize();
  });
  expect("misaligned vector load", cudaErrorMisalignedAddress, [] {
    float* p;
    float4* o;
    cudaMalloc(&p, 4096);
    cudaMalloc(&o, 4096);
    misaligned<<<1, 32>>>(p, o);
    return cudaDeviceSynchronize();
  });
  expect("shared memory out of bounds", cudaErrorIllegalAddress, [] {
    int* o;
    cudaMalloc(&o, 4096);
    shared_oob<<<1, 32, 128>>>(o, 1);
    return cudaDeviceSynchronize();
  });
  expect("barrier that cannot complete", cudaErrorLaunchFailure, [] {
    int* o;
    cudaMalloc(&o, 4096);
    half_barrier<<<1, 128>>>(o);
    return cudaDeviceSynchronize();
  });
  expect("divergent barrier", cudaErrorLaunchFailure, [] {
    int* o;
    cudaMalloc(&o, 4096);
    divergent_barrier<<<1, 64>>>(o);
    return cudaDeviceSynchronize();
  });
  expect("trap", cudaErrorLaunchFailure, [] {
    do_assert<<<2, 32>>>(4);
    return cudaDeviceSynchronize();
  });
  expect("assert", cudaErrorAssert, [] {
    do_assert2<<<2, 32>>>(4);
    return cudaDeviceSynchronize();
  });
  expect("assert that holds", cudaSuccess, [] {
    do_assert2<<<2, 32>>>(5);
    return cudaDeviceSynchronize();
  });
  expect("stack overflow", cudaErrorHardwareStackError, [] {
    int* o;
    cudaMalloc(&o, 4096);
    cudaMemset(o, 0, 4096);
    overflow<<<1, 32>>>(o);
    return cudaDeviceSynchronize();
  });
  expect("use after free", cudaErrorIllegalAddress, [] {
    int *p, *q;
    cudaMalloc(&p, 400);
    cudaMalloc(&q, 400);
    use_after_free<<<1, 32>>>(p);
    cudaDeviceSynchronize();
    cudaFree(p);
    use_after_free<<<1, 32>>>(p);
    return cudaDeviceSynchronize();
  });
  expect("endless spin", cudaErrorLaunchTimeout, [] {
    setenv("VGPU_TIMEOUT", "1", 1);
    int* p;
    cudaMalloc(&p, 4);
    cudaMemset(p, 0, 4);
    spin<<<3, 32>>>(p);
    return cudaDeviceSynchronize();
  });
  expect("lane missing at a collective", cudaErrorLaunchTimeout, [] {
    setenv("VGPU_TIMEOUT", "1", 1);
    int* p;
    cudaMalloc(&p, 4096);
    cudaMemset(p, 0, 4096);
    missing_lane<<<1, 32>>>(p);
    return cudaDeviceSynchronize();
  });
  expect("the error is sticky", cudaErrorIllegalAddress, [] {
    int* p;
    cudaMalloc(&p, 400);
    oob<<<1, 32>>>(p, 90);
    cudaError_t e = cudaGetLastError();
    if (e) return cudaErrorUnknown;
    cudaDeviceSynchronize();
    void* q;
    return cudaMalloc(&q, 4);
  });
  return 0;
}

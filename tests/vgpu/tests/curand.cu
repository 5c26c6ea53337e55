// cuRAND's generators, which are compiled into a kernel from its headers.
#include <cmath>
#include <curand_kernel.h>

#include "tests/vgpu/tests/check.h"

__global__ void rng(unsigned* o, float* f) {
  curandStatePhilox4_32_10_t s;
  curand_init(1234, threadIdx.x, 7, &s);
  o[threadIdx.x] = curand(&s);
  float4 n = curand_normal4(&s);
  f[threadIdx.x] = n.x + n.y + n.z + n.w;
  curandStateXORWOW_t x;
  curand_init(99, threadIdx.x, 0, &x);
  o[64 + threadIdx.x] = curand(&x);
}
// Philox4x32-10 by its definition: draw number `offset` of a subsequence.
static unsigned philox(uint64_t seed, uint64_t sub, uint64_t offset) {
  uint32_t c[4] = {(uint32_t)(offset / 4), (uint32_t)(offset / 4 >> 32), (uint32_t)sub,
                   (uint32_t)(sub >> 32)},
           k[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (int r = 0; r < 10; r++) {
    uint64_t p = (uint64_t)0xD2511F53u * c[0], q = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t n[4] = {(uint32_t)(q >> 32) ^ c[1] ^ k[0], (uint32_t)q,
                     (uint32_t)(p >> 32) ^ c[3] ^ k[1], (uint32_t)p};
    memcpy(c, n, 16);
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c[offset % 4];
}
int main() {
  DeviceBuffer<unsigned> o(128);
  DeviceBuffer<float> f(64);
  rng<<<1, 64>>>(o, f);
  auto v = o.get();
  bool ok = true;
  for (int i = 0; i < 64; i++) ok &= v[i] == philox(1234, i, 7);
  CHECK("cuRAND generators", ok);
  double m = 0, q = 0;
  for (auto x : f.get()) {
    m += x;
    q += (double)x * x;
  }
  CHECK("cuRAND normals", std::fabs(m / 64) < 1.0 && q / 64 > 1.5 && q / 64 < 8);
}

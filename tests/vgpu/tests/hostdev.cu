// The same code compiled for host and device must give the same bits.
#include <algorithm>

#include "tests/vgpu/tests/check.h"
#define HD __host__ __device__
HD inline uint32_t rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }
HD void sha256(const uint8_t* msg, int len, uint32_t* h) {
  const uint32_t K[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
                          0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
                          0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
                          0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
                          0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
                          0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
                          0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
                          0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
                          0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
                          0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
                          0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t s[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  int total = (len + 9 + 63) / 64 * 64;
  for (int b = 0; b < total; b += 64) {
    uint32_t w[64];
    for (int i = 0; i < 16; i++) {
      uint32_t v = 0;
      for (int k = 0; k < 4; k++) {
        int p = b + i * 4 + k;
        uint8_t c = p < len          ? msg[p]
                    : p == len       ? 0x80
                    : p >= total - 8 ? (uint8_t)((uint64_t)len * 8 >> (8 * (total - 1 - p)))
                                     : 0;
        v = v << 8 | c;
      }
      w[i] = v;
    }
    for (int i = 16; i < 64; i++)
      w[i] = w[i - 16] + (rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
             (rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10);
    uint32_t a = s[0], bb = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], hh = s[7];
    for (int i = 0; i < 64; i++) {
      uint32_t t1 = hh + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + K[i] +
                    w[i],
               t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & bb) ^ (a & c) ^ (bb & c));
      hh = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = bb;
      bb = a;
      a = t1 + t2;
    }
    s[0] += a;
    s[1] += bb;
    s[2] += c;
    s[3] += d;
    s[4] += e;
    s[5] += f;
    s[6] += g;
    s[7] += hh;
  }
  for (int i = 0; i < 8; i++) h[i] = s[i];
}
HD uint64_t mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdull;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ull;
  x ^= x >> 33;
  return x;
}
HD int queens(int n, unsigned cols, unsigned d1, unsigned d2, int row) {
  if (row == n) return 1;
  int c = 0;
  unsigned avail = ((1u << n) - 1) & ~(cols | d1 | d2);
  while (avail) {
    unsigned b = avail & -avail;
    avail ^= b;
    c += queens(n, cols | b, (d1 | b) << 1, (d2 | b) >> 1, row + 1);
  }
  return c;
}
HD void quicksort(int16_t* a, int n) {
  int st[64], top = 0;
  st[top++] = 0;
  st[top++] = n - 1;
  while (top) {
    int hi = st[--top], lo = st[--top];
    if (lo >= hi) continue;
    int16_t p = a[(lo + hi) / 2];
    int i = lo, j = hi;
    while (i <= j) {
      while (a[i] < p) i++;
      while (a[j] > p) j--;
      if (i <= j) {
        int16_t t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    st[top++] = lo;
    st[top++] = j;
    st[top++] = i;
    st[top++] = hi;
  }
}
HD uint64_t modpow(uint64_t b, uint64_t e, uint64_t m) {
  unsigned __int128 r = 1, x = b % m;
  while (e) {
    if (e & 1) r = r * x % m;
    x = x * x % m;
    e >>= 1;
  }
  return (uint64_t)r;
}
HD int parse_expr(const char* s, int& i);
HD int parse_atom(const char* s, int& i) {
  if (s[i] == '(') {
    i++;
    int v = parse_expr(s, i);
    i++;
    return v;
  }
  int v = 0;
  while (s[i] >= '0' && s[i] <= '9') v = v * 10 + s[i++] - '0';
  return v;
}
HD int parse_term(const char* s, int& i) {
  int v = parse_atom(s, i);
  while (s[i] == '*') {
    i++;
    v *= parse_atom(s, i);
  }
  return v;
}
HD int parse_expr(const char* s, int& i) {
  int v = parse_term(s, i);
  while (s[i] == '+' || s[i] == '-') {
    char c = s[i++];
    int r = parse_term(s, i);
    v = c == '+' ? v + r : v - r;
  }
  return v;
}
struct Shape {
  HD virtual int area(int k) const = 0;
  HD virtual ~Shape() {}
};
struct Sq : Shape {
  int a;
  HD explicit Sq(int x) : a(x) {}
  HD int area(int k) const override { return a * a + k; }
};
struct Tri : Shape {
  int a, b;
  HD Tri(int x, int y) : a(x), b(y) {}
  HD int area(int k) const override { return a * b / 2 - k; }
};
HD int use_virtual(int i) {
  if (i & 1) {
    Sq s(i);
    const Shape& r = s;
    return r.area(3);
  }
  Tri t(i, i + 5);
  const Shape& r = t;
  return r.area(3);
}
HD int crc(const uint8_t* p, int n) {
  uint32_t c = ~0u;
  for (int i = 0; i < n; i++) {
    c ^= p[i];
    for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
  }
  return (int)~c;
}
HD uint64_t job(int id) {
  uint64_t r = mix(id + 1);
  uint8_t msg[150];
  int len = (int)(r % 140);
  for (int i = 0; i < len; i++) msg[i] = (uint8_t)(mix(r + i) >> 11);
  uint32_t h[8];
  sha256(msg, len, h);
  uint64_t out = h[0] ^ (uint64_t)h[7] << 32;
  out ^= (uint64_t)(uint32_t)crc(msg, len) << 7;
  int16_t v[70];
  int n = 5 + (int)(r >> 9) % 64 % 60;
  if (n < 0) n = -n;
  for (int i = 0; i < n; i++) v[i] = (int16_t)mix(r * 3 + i);
  quicksort(v, n);
  for (int i = 0; i < n; i++) out = out * 31 + (uint16_t)v[i];
  out += queens(4 + id % 4, 0, 0, 0, 0);
  out ^= modpow(r, r >> 40, (r >> 3) | 1);
  char e[40];
  int p = 0;
  e[p++] = '(';
  e[p++] = '1' + id % 9;
  e[p++] = '+';
  e[p++] = '2';
  e[p++] = ')';
  e[p++] = '*';
  e[p++] = '3' + id % 5;
  e[p++] = id & 1 ? '-' : '+';
  e[p++] = '(';
  e[p++] = '7';
  e[p++] = '*';
  e[p++] = '(';
  e[p++] = '1' + id / 3 % 9;
  e[p++] = '-';
  e[p++] = '4';
  e[p++] = ')';
  e[p++] = ')';
  e[p] = 0;
  int i = 0;
  out += (uint64_t)(int64_t)parse_expr(e, i) << 3;
  return out;
}
__global__ void device_jobs(uint64_t* o, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) o[i] = job(i);
}
__global__ void device_virtual(int* o) { o[threadIdx.x] = use_virtual(threadIdx.x); }
int main() {
  int n = 500;
  DeviceBuffer<uint64_t> o(n);
  device_jobs<<<(n + 63) / 64, 64>>>(o, n);
  CHECK_CUDA(cudaDeviceSynchronize());
  auto v = o.get();
  int bad = 0;
  for (int i = 0; i < n; i++)
    if (v[i] != job(i)) {
      if (bad++ < 3)
        printf("# job %d: %llx expected %llx\n", i, (unsigned long long)v[i],
               (unsigned long long)job(i));
    }
  CHECK("sha256, crc, sort, queens, modpow, parser", !bad);
  DeviceBuffer<int> w(64);
  device_virtual<<<1, 64>>>(w);
  auto u = w.get();
  bad = 0;
  for (int i = 0; i < 64; i++) bad += u[i] != use_virtual(i);
  CHECK("virtual functions", !bad);
  return 0;
}

// mbarrier, bulk copies and TMA tiles.
#include "tests/vgpu/tests/hopper.h"
// ---- mbarrier ----
__global__ void ring(const int* in, int* out,
                     int n) {  // one producer warp, one consumer warp, ordinary stores
  __shared__ alignas(8) u64 full[3], empty[3];
  __shared__ int buf[3][32];
  if (threadIdx.x == 0)
    for (int i = 0; i < 3; i++) {
      bar_init(&full[i], 32);
      bar_init(&empty[i], 32);
    }
  __syncthreads();
  int lane = threadIdx.x & 31;
  if (threadIdx.x < 32)
    for (int i = 0; i < n; i++) {
      int s = i % 3;
      if (i >= 3) bar_wait(&empty[s], (i / 3 + 1) & 1);
      buf[s][lane] = in[i * 32 + lane] + lane;
      bar_arrive(&full[s]);
    }
  else
    for (int i = 0; i < n; i++) {
      int s = i % 3;
      bar_wait(&full[s], i / 3 & 1);
      out[i * 32 + lane] = buf[s][31 - lane];
      bar_arrive(&empty[s]);
    }
}
__global__ void states(u64* o) {
  __shared__ alignas(8) u64 b;
  u32 a = sm(&b), p, c;
  u64 st, st2;
  if (threadIdx.x) return;
  asm volatile("mbarrier.init.shared.b64 [%0], 5;" ::"r"(a));
  asm volatile("mbarrier.arrive.shared.b64 %0, [%1], 2;" : "=l"(st) : "r"(a));
  asm volatile("mbarrier.pending_count.b64 %0, %1;" : "=r"(c) : "l"(st));
  o[0] = c;  // 5: before the arrive
  asm volatile("mbarrier.arrive.noComplete.shared.b64 %0, [%1], 2;" : "=l"(st2) : "r"(a));
  asm volatile("mbarrier.pending_count.b64 %0, %1;" : "=r"(c) : "l"(st2));
  o[1] = c;  // 3
  asm volatile("{ .reg .pred p; mbarrier.test_wait.shared.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
               : "=r"(p)
               : "r"(a), "l"(st));
  o[2] = p;  // 0
  asm volatile("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], 48;" ::"r"(a));
  asm volatile(
      "mbarrier.arrive_drop.shared.b64 _, [%0];" ::"r"(a));  // last arrival, but 48 bytes are open
  asm volatile("{ .reg .pred p; mbarrier.test_wait.shared.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
               : "=r"(p)
               : "r"(a), "l"(st));
  o[3] = p;  // 0
  asm volatile("mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%0], 48;" ::"r"(a));
  asm volatile(
      "{ .reg .pred p; mbarrier.try_wait.shared.b64 p, [%1], %2, 1000; selp.u32 %0, 1, 0, p; }"
      : "=r"(p)
      : "r"(a), "l"(st));
  o[4] = p;  // 1
  asm volatile(
      "{ .reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], 1; selp.u32 %0, 1, 0, p; }"
      : "=r"(p)
      : "r"(a));
  o[5] = p;  // 0: phase 1 is open
  asm volatile("mbarrier.arrive.shared.b64 %0, [%1], 4;"
               : "=l"(st)
               : "r"(a));  // expected count is 4 now
  asm volatile("mbarrier.pending_count.b64 %0, %1;" : "=r"(c) : "l"(st));
  o[6] = c;  // 4
  asm volatile(
      "{ .reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], 1; selp.u32 %0, 1, 0, p; }"
      : "=r"(p)
      : "r"(a));
  o[7] = p;  // 1
  asm volatile(
      "{ .reg .pred p; mbarrier.try_wait.parity.shared.b64 p, [%1], 0, 100; selp.u32 %0, 1, 0, p; }"
      : "=r"(p)
      : "r"(a));
  o[8] = p;  // 0, after the time limit
  asm volatile("mbarrier.inval.shared.b64 [%0];" ::"r"(a));
}
// ---- bulk copies ----
__global__ void bulk_copy(const int* in, int* out, int bytes, u32* early) {
  extern __shared__ __align__(128) int buf[];
  __shared__ alignas(8) u64 b;
  for (int i = threadIdx.x; i < bytes / 4; i += blockDim.x) buf[i] = -7;
  if (threadIdx.x == 0) {
    bar_init(&b, 1);
    proxy_fence();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    bar_expect(&b, bytes);
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
            "r"(sm(buf)),
        "l"(in), "r"(bytes), "r"(sm(&b))
        : "memory");
    if (early) *early = *(volatile int*)&buf[0] == -7;  // a race: not under VGPU_RACE=1
  }
  bar_wait(&b, 0);
  for (int i = threadIdx.x; i < bytes / 4; i += blockDim.x) buf[i] = buf[i] * 2 + 1;
  proxy_fence();
  __syncthreads();
  if (threadIdx.x == 0) {
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(out),
                 "r"(sm(buf)), "r"(bytes)
                 : "memory");
    bulk_commit();
    bulk_wait_read<0>();
    buf[0] = 99;
    bulk_wait<0>();
  }
}
template <int OP>
__global__ void bulk_reduce(void* out, const void* in, int bytes) {
  extern __shared__ __align__(128) char cbuf[];
  for (int i = threadIdx.x; i < bytes / 4; i += blockDim.x) ((int*)cbuf)[i] = ((const int*)in)[i];
  proxy_fence();
  __syncthreads();
  if (threadIdx.x == 0) {
    if (OP == 0)
      asm volatile(
          "cp.reduce.async.bulk.global.shared::cta.bulk_group.add.f32 [%0], [%1], %2;" ::"l"(out),
          "r"(sm(cbuf)), "r"(bytes)
          : "memory");
    if (OP == 1)
      asm volatile(
          "cp.reduce.async.bulk.global.shared::cta.bulk_group.add.noftz.bf16 [%0], [%1], %2;" ::"l"(
              out),
          "r"(sm(cbuf)), "r"(bytes)
          : "memory");
    if (OP == 2)
      asm volatile(
          "cp.reduce.async.bulk.global.shared::cta.bulk_group.add.noftz.f16 [%0], [%1], %2;" ::"l"(
              out),
          "r"(sm(cbuf)), "r"(bytes)
          : "memory");
    if (OP == 3)
      asm volatile(
          "cp.reduce.async.bulk.global.shared::cta.bulk_group.max.s32 [%0], [%1], %2;" ::"l"(out),
          "r"(sm(cbuf)), "r"(bytes)
          : "memory");
    if (OP == 4)
      asm volatile(
          "cp.reduce.async.bulk.global.shared::cta.bulk_group.add.u64 [%0], [%1], %2;" ::"l"(out),
          "r"(sm(cbuf)), "r"(bytes)
          : "memory");
    bulk_commit();
    bulk_wait<0>();
  }
}
// ---- tiles ----
template <int R>
__global__ void tile_load(const __grid_constant__ CUtensorMap m, unsigned char* out, int bytes,
                          int c0, int c1, int c2, int c3, int c4, int at) {
  extern __shared__ __align__(1024) unsigned char tb[];
  __shared__ alignas(8) u64 b;
  for (int i = threadIdx.x; i < at + bytes; i += blockDim.x) tb[i] = 0xee;
  if (threadIdx.x == 0) bar_init(&b, 1);
  proxy_fence();
  __syncthreads();
  if (threadIdx.x == 0) {
    bar_expect(&b, bytes);
    u32 d = sm(tb + at), bb = sm(&b);
    if (R == 1)
      asm volatile(
          "cp.async.bulk.tensor.1d.shared::cta.global.tile.mbarrier::complete_tx::bytes [%0], [%1, "
          "{%3}], [%2];" ::"r"(d),
          "l"(&m), "r"(bb), "r"(c0)
          : "memory");
    if (R == 2)
      asm volatile(
          "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, "
          "{%3, %4}], [%2];" ::"r"(d),
          "l"(&m), "r"(bb), "r"(c0), "r"(c1)
          : "memory");
    if (R == 3)
      asm volatile(
          "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, "
          "{%3, %4, %5}], [%2];" ::"r"(d),
          "l"(&m), "r"(bb), "r"(c0), "r"(c1), "r"(c2)
          : "memory");
    if (R == 4)
      asm volatile(
          "cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_"
          "hint [%0], [%1, {%3, %4, %5, %6}], [%2], %7;" ::"r"(d),
          "l"(&m), "r"(bb), "r"(c0), "r"(c1), "r"(c2), "r"(c3), "l"(0ull)
          : "memory");
    if (R == 5)
      asm volatile(
          "cp.async.bulk.tensor.5d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, "
          "{%3, %4, %5, %6, %7}], [%2];" ::"r"(d),
          "l"(&m), "r"(bb), "r"(c0), "r"(c1), "r"(c2), "r"(c3), "r"(c4)
          : "memory");
  }
  bar_wait(&b, 0);
  for (int i = threadIdx.x; i < bytes; i += blockDim.x) out[i] = tb[at + i];
}
__global__ void tile_store(const __grid_constant__ CUtensorMap m, const unsigned char* in,
                           int bytes, int c0, int c1, int red) {
  extern __shared__ __align__(1024) unsigned char tb[];
  for (int i = threadIdx.x; i < bytes; i += blockDim.x) tb[i] = in[i];
  proxy_fence();
  __syncthreads();
  if (threadIdx.x == 0) {
    if (red)
      asm volatile(
          "cp.reduce.async.bulk.tensor.2d.global.shared::cta.add.tile.bulk_group [%0, {%2, %3}], "
          "[%1];" ::"l"(&m),
          "r"(sm(tb)), "r"(c0), "r"(c1)
          : "memory");
    else
      tma_store2(&m, tb, c0, c1);
    bulk_commit();
    bulk_wait<0>();
  }
}
// The documented picture of a swizzle: within each line of 128 bytes, the 16-byte piece number is
// XORed with the line's number.
static size_t where(size_t off, int swz) {
  size_t piece = off / 16, line = piece / 8, c = piece % 8;
  int keep = swz == 0 ? 1 : swz == 1 ? 2 : swz == 2 ? 4 : 8;
  size_t x = line % 8 % keep;
  return line * 128 + (c ^ x) * 16 + off % 16;
}
template <class T>
bool check_tile(int R, std::vector<u64> dim, std::vector<u32> box, std::vector<int> c, int swz,
                std::vector<u32> es = {}, bool nan_fill = false, int at = 0) {
  size_t n = 1;
  for (auto d : dim) n *= d;
  std::vector<T> h(n);
  std::vector<unsigned char> raw(n * sizeof(T));
  std::mt19937 g(5);
  for (auto& b : raw) b = (unsigned char)(1 + g() % 119);
  memcpy((void*)h.data(), raw.data(), raw.size());
  DeviceBuffer<T> d(h);
  if (es.empty()) es.assign(R, 1);
  CUtensorMap m = make_map<T>(d, dim, box, (CUtensorMapSwizzle)swz, es, {}, nan_fill);
  std::vector<u32> cnt(5, 1);
  for (int i = 0; i < R; i++) cnt[i] = i ? (box[i] + es[i] - 1) / es[i] : box[i];
  size_t bytes = sizeof(T);
  for (auto x : cnt) bytes *= x;
  DeviceBuffer<unsigned char> o(bytes);
  c.resize(5);
  dim.resize(5, 1);
  es.resize(5, 1);
  auto go = [&](auto k) {
    CHECK_CUDA(cudaFuncSetAttribute(k, cudaFuncAttributeMaxDynamicSharedMemorySize, 220000));
    k<<<1, 64, at + bytes + 1024>>>(m, o, (int)bytes, c[0], c[1], c[2], c[3], c[4], at);
  };
  switch (R) {
    case 1:
      go(tile_load<1>);
      break;
    case 2:
      go(tile_load<2>);
      break;
    case 3:
      go(tile_load<3>);
      break;
    case 4:
      go(tile_load<4>);
      break;
    default:
      go(tile_load<5>);
  }
  auto r = o.get();
  std::vector<T> got(bytes / sizeof(T));
  size_t k = 0;
  bool ok = true;
  for (u32 e = 0; e < cnt[4]; e++)
    for (u32 w = 0; w < cnt[3]; w++)
      for (u32 z = 0; z < cnt[2]; z++)
        for (u32 y = 0; y < cnt[1]; y++)
          for (u32 x = 0; x < cnt[0]; x++, k++) {
            long long q[5] = {c[0] + (long long)x, c[1] + (long long)y * es[1],
                              c[2] + (long long)z * es[2], c[3] + (long long)w * es[3],
                              c[4] + (long long)e * es[4]};
            bool in = true;
            size_t idx = 0;
            for (int i = 4; i >= 0; i--) {
              in &= q[i] >= 0 && q[i] < (long long)dim[i];
              idx = idx * dim[i] + (size_t)q[i];
            }
            T v;
            memcpy((void*)&v, &r[where(at + k * sizeof(T), swz) - at], sizeof v);
            if (in)
              ok &= !memcmp(&v, &h[idx], sizeof v);
            else if (nan_fill)
              ok &= (float)v != (float)v;
            else {
              T z0;
              memset((void*)&z0, 0, sizeof z0);
              ok &= !memcmp(&v, &z0, sizeof v);
            }
            if (!ok) {
              printf("# tile: at (%u,%u,%u,%u,%u)\n", x, y, z, w, e);
              return false;
            }
          }
  return ok;
}
template <class T>
bool check_store(std::vector<u64> dim, std::vector<u32> box, int cx, int cy, int swz, bool red) {
  std::vector<T> base(dim[0] * dim[1]), want;
  for (size_t i = 0; i < base.size(); i++) base[i] = (T)(float)(i % 50);
  DeviceBuffer<T> d(base);
  want = base;
  size_t n = box[0] * box[1];
  std::vector<T> t(n);
  for (size_t i = 0; i < n; i++) t[i] = (T)(float)(i % 37);
  std::vector<unsigned char> img(n * sizeof(T));
  for (size_t i = 0; i < n; i++) memcpy(&img[where(i * sizeof(T), swz)], &t[i], sizeof(T));
  for (u32 y = 0; y < box[1]; y++)
    for (u32 x = 0; x < box[0]; x++) {
      long gx = cx + (int)x, gy = cy + (int)y;
      if (gx < 0 || gy < 0 || gx >= (long)dim[0] || gy >= (long)dim[1]) continue;
      T& w = want[gy * dim[0] + gx];
      w = red ? (T)((float)w + (float)t[y * box[0] + x]) : t[y * box[0] + x];
    }
  DeviceBuffer<unsigned char> im(img);
  CUtensorMap m = make_map<T>(d, dim, box, (CUtensorMapSwizzle)swz);
  tile_store<<<1, 64, img.size() + 1024>>>(m, im, (int)img.size(), cx, cy, red);
  auto r = d.get();
  return !memcmp(r.data(), want.data(), r.size() * sizeof(T));
}
static CUresult enc(void* p, u32 rank, u64 stride, u32 box0, u32 box1, int swz, CUtensorMap* m) {
  cuuint64_t dim[5] = {256, 64, 4, 4, 4},
             st[4] = {stride, stride * 64, stride * 256, stride * 1024};
  cuuint32_t box[5] = {box0, box1, 1, 1, 1}, es[5] = {1, 1, 1, 1, 1};
  return encode_fn()(m, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, rank, p, dim, st, box, es,
                     CU_TENSOR_MAP_INTERLEAVE_NONE, (CUtensorMapSwizzle)swz,
                     CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
}
int main() {
  {
    int n = 40;
    std::vector<int> a(n * 32);
    for (size_t i = 0; i < a.size(); i++) a[i] = (int)i * 3;
    DeviceBuffer<int> d(a), o(n * 32);
    ring<<<2, 64>>>(d, o, n);
    auto r = o.get();
    bool ok = true;
    for (int i = 0; i < n; i++)
      for (int l = 0; l < 32; l++) ok &= r[i * 32 + l] == a[i * 32 + 31 - l] + 31 - l;
    CHECK("mbarrier ring of ordinary stores", ok);
  }
  {
    DeviceBuffer<u64> o(9);
    states<<<1, 32>>>(o);
    auto r = o.get();
    u64 want[9] = {5, 3, 0, 0, 1, 0, 4, 1, 0};
    bool ok = true;
    for (int i = 0; i < 9; i++) {
      if (r[i] != want[i]) printf("# states[%d] = %llu\n", i, r[i]);
      ok &= r[i] == want[i];
    }
    CHECK("mbarrier states, counts, parity", ok);
  }
  {
    int n = 4096;
    std::vector<int> a(n);
    for (int i = 0; i < n; i++) a[i] = i * 7;
    DeviceBuffer<int> d(a), o(n);
    DeviceBuffer<u32> e(1);
    const char* race = getenv("VGPU_RACE");
    bool peek = !race || !atoi(race);
    bulk_copy<<<1, 96, n * 4>>>(d, o, n * 4, peek ? (u32*)e : nullptr);
    auto r = o.get();
    bool ok = true;
    for (int i = 0; i < n; i++) ok &= r[i] == a[i] * 2 + 1;
    CHECK("cp.async.bulk in and out", ok);
    if (peek) CHECK("bulk data lands only at the wait", e.get()[0] == 1);
  }
  {
    int n = 256;
    std::vector<float> a(n), b(n);
    for (int i = 0; i < n; i++) {
      a[i] = i;
      b[i] = 0.5f * i;
    }
    DeviceBuffer<float> d(a), s(b);
    bulk_reduce<0><<<4, 32, n * 4>>>(d, s, n * 4);
    auto r = d.get();
    bool ok = true;
    for (int i = 0; i < n; i++) ok &= r[i] == a[i] + 4 * b[i];
    CHECK("cp.reduce.async.bulk.add.f32", ok);
  }
  {
    int n = 256;
    std::vector<bf16> a(n), b(n);
    for (int i = 0; i < n; i++) {
      a[i] = (bf16)(float)i;
      b[i] = (bf16)(0.25f * (i % 8));
    }
    DeviceBuffer<bf16> d(a), s(b);
    bulk_reduce<1><<<1, 32, n * 2>>>(d, s, n * 2);
    auto r = d.get();
    bool ok = true;
    for (int i = 0; i < n; i++) ok &= (float)r[i] == (float)(bf16)((float)a[i] + (float)b[i]);
    CHECK("cp.reduce.async.bulk.add.bf16", ok);
  }
  {
    int n = 256;
    std::vector<__half> a(n), b(n);
    for (int i = 0; i < n; i++) {
      a[i] = (__half)(float)i;
      b[i] = (__half)(0.25f * (i % 8));
    }
    DeviceBuffer<__half> d(a), s(b);
    bulk_reduce<2><<<1, 32, n * 2>>>(d, s, n * 2);
    auto r = d.get();
    bool ok = true;
    for (int i = 0; i < n; i++) ok &= (float)r[i] == (float)(__half)((float)a[i] + (float)b[i]);
    CHECK("cp.reduce.async.bulk.add.f16", ok);
  }
  {
    int n = 256;
    std::vector<int> a(n), b(n);
    for (int i = 0; i < n; i++) {
      a[i] = i - 100;
      b[i] = 50 - i;
    }
    DeviceBuffer<int> d(a), s(b);
    bulk_reduce<3><<<1, 32, n * 4>>>(d, s, n * 4);
    auto r = d.get();
    bool ok = true;
    for (int i = 0; i < n; i++) ok &= r[i] == std::max(a[i], b[i]);
    CHECK("cp.reduce.async.bulk.max.s32", ok);
  }
  {
    int n = 128;
    std::vector<u64> a(n), b(n);
    for (int i = 0; i < n; i++) {
      a[i] = (u64)i << 40;
      b[i] = i;
    }
    DeviceBuffer<u64> d(a), s(b);
    bulk_reduce<4><<<3, 32, n * 8>>>(d, s, n * 8);
    auto r = d.get();
    bool ok = true;
    for (int i = 0; i < n; i++) ok &= r[i] == a[i] + 3 * b[i];
    CHECK("cp.reduce.async.bulk.add.u64", ok);
  }
  const char* sn[4] = {"no swizzle", "swizzle 32B", "swizzle 64B", "swizzle 128B"};
  char name[100];
  for (int s = 0; s < 4; s++) {
    u32 inner = s ? 16u << s : 256;  // bytes
    sprintf(name, "TMA load bf16, %s", sn[s]);
    CHECK(name, check_tile<bf16>(2, {256, 96}, {inner / 2, 64}, {32, 16}, s));
    sprintf(name, "TMA load bf16, %s, out of bounds", sn[s]);
    CHECK(name, check_tile<bf16>(2, {256, 96}, {inner / 2, 64}, {256 - (int)inner / 4, 70}, s) &&
                    check_tile<bf16>(2, {256, 96}, {inner / 2, 64}, {-5, -9}, s) &&
                    check_tile<bf16>(2, {256, 96}, {inner / 2, 32}, {400, 3}, s));
    sprintf(name, "TMA load fp32, %s", sn[s]);
    CHECK(name, check_tile<float>(2, {128, 40}, {inner / 4, 33}, {4, 3}, s));
    sprintf(name, "TMA load u8, %s", sn[s]);
    CHECK(name, check_tile<unsigned char>(2, {512, 40}, {std::min(inner, 256u), 24}, {1, 3}, s));
    sprintf(name, "TMA load 3d, %s", sn[s]);
    CHECK(name, check_tile<bf16>(3, {128, 20, 6}, {inner / 2, 16, 3}, {8, 9, 4}, s));
    sprintf(name, "TMA store bf16, %s", sn[s]);
    CHECK(name, check_store<bf16>({256, 96}, {inner / 2, 64}, 32, 16, s, false) &&
                    check_store<bf16>({256, 96}, {inner / 2, 64}, -8, 60, s, false) &&
                    check_store<bf16>({256, 96}, {inner / 2, 64}, 240, -60, s, false));
    sprintf(name, "TMA reduce fp32, %s", sn[s]);
    CHECK(name, check_store<float>({64, 96}, {std::min(inner / 4, 64u), 32}, 4, 90, s, true));
  }
  CHECK("TMA load 128B swizzle at an address that is not a multiple of 1024",
        check_tile<bf16>(2, {256, 96}, {64, 32}, {32, 16}, 3, {}, false, 384));
  CHECK("TMA load 1d", check_tile<float>(1, {1000}, {256}, {900}, 0));
  CHECK("TMA load 4d", check_tile<bf16>(4, {64, 10, 5, 4}, {64, 4, 3, 2}, {0, 8, 1, 3}, 3));
  CHECK("TMA load 5d", check_tile<bf16>(5, {32, 6, 5, 4, 3}, {32, 4, 2, 2, 2}, {0, 1, 4, 3, 2}, 2));
  CHECK("TMA load with element strides",
        check_tile<bf16>(3, {128, 40, 20}, {64, 16, 9}, {8, 3, 2}, 3, {1, 2, 4}));
  CHECK("TMA load, NaN fill", check_tile<bf16>(2, {256, 96}, {64, 64}, {220, 70}, 3, {}, true) &&
                                  check_tile<float>(2, {64, 20}, {32, 16}, {50, 10}, 0, {}, true));
  {
    CUtensorMap m;
    DeviceBuffer<bf16> d(256 * 64 * 64);
    bool ok = enc(d, 2, 512, 64, 64, 3, &m) == CUDA_SUCCESS;
    CHECK("cuTensorMapEncodeTiled accepts", ok);
    ok = enc((char*)(bf16*)d + 8, 2, 512, 64, 64, 3, &m) == CUDA_ERROR_INVALID_VALUE &&
         enc(d, 6, 512, 64, 64, 3, &m) == CUDA_ERROR_INVALID_VALUE &&
         enc(d, 2, 520, 64, 64, 3, &m) == CUDA_ERROR_INVALID_VALUE &&
         enc(d, 2, 512, 128, 64, 3, &m) == CUDA_ERROR_INVALID_VALUE &&
         enc(d, 2, 512, 64, 257, 3, &m) == CUDA_ERROR_INVALID_VALUE &&
         enc(d, 2, 512, 4, 64, 0, &m) == CUDA_ERROR_INVALID_VALUE &&
         enc(nullptr, 2, 512, 64, 64, 0, &m) == CUDA_ERROR_INVALID_VALUE &&
         enc(d, 2, 512, 32, 64, 1, &m) == CUDA_ERROR_INVALID_VALUE &&
         enc(d, 2, 1ull << 40, 64, 64, 0, &m) == CUDA_ERROR_INVALID_VALUE;
    CHECK("cuTensorMapEncodeTiled refuses", ok);
  }
  CHECK_CUDA(cudaDeviceSynchronize());
  return 0;
}

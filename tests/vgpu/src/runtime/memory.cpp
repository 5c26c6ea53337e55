// Allocation, copies, fills.
#include "tests/vgpu/src/runtime/internal.h"
namespace vgpu {
// True if [p, p+n) lies in one allocation; host memory that vgpu does not manage passes unless a
// device pointer is required.
bool range_ok(const void* p, size_t n, bool must_be_device) {
  Alloc a;
  if (memtable().find((u64)p, a)) return (u64)p + n <= a.hi;
  return !must_be_device;
}
static cudaError_t check_copy(const void* d, const void* s, size_t n, cudaMemcpyKind k) {
  if (!n) return cudaSuccess;
  if (!d || !s) return cudaErrorInvalidValue;
  if ((int)k < 0 || (int)k > 4) return cudaErrorInvalidMemcpyDirection;
  bool dd = k == cudaMemcpyHostToDevice || k == cudaMemcpyDeviceToDevice,
       sd = k == cudaMemcpyDeviceToHost || k == cudaMemcpyDeviceToDevice;
  if (!range_ok(d, n, dd) || !range_ok(s, n, sd)) {
    log_line(format_text("copy of %zu bytes from %p to %p (kind %d) leaves its allocation: %s", n,
                         s, d, (int)k,
                         memtable().describe((u64)(range_ok(d, n, dd) ? s : d)).c_str()));
    return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}
static cudaError_t copy(void* d, size_t dp, const void* s, size_t sp, size_t w, size_t h,
                        cudaMemcpyKind k, cudaStream_t st) {
  if (w && h) {
    if (h > 1 && (w > dp || w > sp)) return cudaErrorInvalidPitchValue;
    if (cudaError_t e = check_copy(d, s, 1, k)) return e;
    if (cudaError_t e = check_copy((u8*)d, (const u8*)s, 0, k)) return e;
    if (!range_ok(d, (h - 1) * dp + w, false) || !range_ok(s, (h - 1) * sp + w, false))
      return check_copy(d, s, (h - 1) * std::max(dp, sp) + w, k) ? cudaErrorInvalidValue
                                                                 : cudaErrorInvalidValue;
  }
  Node n;
  n.type = cudaGraphNodeTypeMemcpy;
  n.dst = d;
  n.dpitch = dp;
  n.src = s;
  n.spitch = sp;
  n.width = w;
  n.height = h;
  n.kind = k;
  return submit(st, n);
}
static cudaError_t fill(void* p, size_t pitch, unsigned v, unsigned elem, size_t w, size_t h,
                        cudaStream_t st) {
  if (!w || !h) return cudaSuccess;
  if (!range_ok(p, (h - 1) * pitch + w * elem, true)) {
    log_line(format_text("memset of %zu bytes at %p leaves its allocation: %s",
                         (h - 1) * pitch + w * elem, p, memtable().describe((u64)p).c_str()));
    return cudaErrorInvalidValue;
  }
  Node n;
  n.type = cudaGraphNodeTypeMemset;
  n.set = {p, pitch, v, elem, w, h};
  return submit(st, n);
}
static cudaError_t copy3d(const cudaMemcpy3DParms* p, cudaStream_t st) {
  if (p->srcArray || p->dstArray) return cudaErrorNotSupported;
  Node n;
  n.type = cudaGraphNodeTypeMemcpy;
  n.copy3d = *p;
  n.kind = p->kind;
  n.width = p->extent.width;
  n.height = p->extent.height;
  n.depth = p->extent.depth;
  n.spitch = p->srcPtr.pitch;
  n.dpitch = p->dstPtr.pitch;
  n.sslice = p->srcPtr.pitch * p->srcPtr.ysize;
  n.dslice = p->dstPtr.pitch * p->dstPtr.ysize;
  n.src = (u8*)p->srcPtr.ptr + p->srcPos.x + p->srcPos.y * n.spitch + p->srcPos.z * n.sslice;
  n.dst = (u8*)p->dstPtr.ptr + p->dstPos.x + p->dstPos.y * n.dpitch + p->dstPos.z * n.dslice;
  return submit(st, n);
}
static cudaError_t alloc(void** p, size_t n, MemKind k) {
  if (!p) return cudaErrorInvalidValue;
  *p = nullptr;
  if (!n) return cudaSuccess;
  if (k == MemKind::Device && memtable().bytes(MemKind::Device) + n > device().mem)
    return cudaErrorMemoryAllocation;
  *p = mem_alloc(n, k, "");
  return *p ? cudaSuccess : cudaErrorMemoryAllocation;
}
static cudaError_t release(void* p) {
  if (!p) return cudaSuccess;
  return mem_free(p) ? cudaSuccess : cudaErrorInvalidValue;
}
// What waits for no stream is not allowed while one is captured.
static cudaError_t alloc_now(void** p, size_t n, MemKind k) {
  if (cudaError_t e = check_no_capture()) return e;
  return alloc(p, n, k);
}
static cudaError_t release_now(void* p) {
  if (cudaError_t e = check_no_capture()) return e;
  return release(p);
}
}  // namespace vgpu
using namespace vgpu;

VGPU_API cudaError_t cudaMalloc(void** p, size_t n) {
  API_ENTER;
  return done(alloc_now(p, n, MemKind::Device));
}
VGPU_API cudaError_t cudaFree(void* p) {
  API_ENTER;
  return done(release_now(p));
}
VGPU_API cudaError_t cudaMallocHost(void** p, size_t n) {
  API_ENTER;
  return done(alloc_now(p, n, MemKind::Host));
}
VGPU_API cudaError_t cudaHostAlloc(void** p, size_t n, unsigned) {
  API_ENTER;
  return done(alloc_now(p, n, MemKind::Host));
}
VGPU_API cudaError_t cudaFreeHost(void* p) {
  API_ENTER;
  return done(release_now(p));
}
VGPU_API cudaError_t cudaMallocManaged(void** p, size_t n, unsigned) {
  API_ENTER;
  return done(alloc_now(p, n, MemKind::Managed));
}
VGPU_API cudaError_t cudaMallocPitch(void** p, size_t* pitch, size_t w, size_t h) {
  API_ENTER;
  *pitch = (w + 511) / 512 * 512;
  return done(alloc_now(p, *pitch * h, MemKind::Device));
}
VGPU_API cudaError_t cudaMalloc3D(cudaPitchedPtr* p, cudaExtent e) {
  API_ENTER;
  p->pitch = (e.width + 511) / 512 * 512;
  p->xsize = e.width;
  p->ysize = e.height;
  return done(alloc_now(&p->ptr, p->pitch * e.height * e.depth, MemKind::Device));
}
VGPU_API cudaError_t cudaMallocAsync(void** p, size_t n, cudaStream_t s) {
  API_ENTER;
  if (!stream_of(s)) return done(cudaErrorInvalidResourceHandle);
  return done(alloc(p, n, MemKind::Device));
}
VGPU_API cudaError_t cudaMallocFromPoolAsync(void** p, size_t n, cudaMemPool_t, cudaStream_t s) {
  return cudaMallocAsync(p, n, s);
}
VGPU_API cudaError_t cudaFreeAsync(void* p, cudaStream_t s) {
  API_ENTER;
  Stream* st = stream_of(s);
  if (!st) return done(cudaErrorInvalidResourceHandle);
  if (st->capture == cudaStreamCaptureStatusActive) return cudaSuccess;  // the graph keeps using it
  return done(release(p));
}
VGPU_API cudaError_t cudaHostRegister(void* p, size_t n, unsigned) {
  API_ENTER;
  Alloc a;
  if (!p || !n) return done(cudaErrorInvalidValue);
  if (memtable().find((u64)p, a)) return done(cudaErrorHostMemoryAlreadyRegistered);
  memtable().add({(u64)p, (u64)p + n, MemKind::Host, "registered"});
  return cudaSuccess;
}
VGPU_API cudaError_t cudaHostUnregister(void* p) {
  API_ENTER;
  return done(memtable().remove((u64)p) ? cudaSuccess : cudaErrorHostMemoryNotRegistered);
}
VGPU_API cudaError_t cudaHostGetDevicePointer(void** d, void* h, unsigned) {
  API_ENTER;
  Alloc a;
  if (!memtable().find((u64)h, a)) return done(cudaErrorInvalidValue);
  *d = h;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaHostGetFlags(unsigned* f, void* h) {
  API_ENTER;
  Alloc a;
  if (!memtable().find((u64)h, a)) return done(cudaErrorInvalidValue);
  *f = cudaHostAllocMapped;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaMemGetInfo(size_t* fr, size_t* tot) {
  API_ENTER;
  *tot = device().mem;
  size_t used = memtable().bytes(MemKind::Device) + memtable().bytes(MemKind::Managed);
  *fr = *tot > used ? *tot - used : 0;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* at, const void* p) {
  API_ENTER;
  memset(at, 0, sizeof *at);
  Alloc a;
  if (!memtable().find((u64)p, a)) {
    at->type = cudaMemoryTypeUnregistered;
    at->device = -2;
    at->hostPointer = (void*)p;
    return cudaSuccess;
  }
  at->type = a.kind == MemKind::Host      ? cudaMemoryTypeHost
             : a.kind == MemKind::Managed ? cudaMemoryTypeManaged
                                          : cudaMemoryTypeDevice;
  at->devicePointer = (void*)p;
  at->hostPointer = at->type == cudaMemoryTypeDevice ? nullptr : (void*)p;
  return cudaSuccess;
}

VGPU_API cudaError_t cudaMemcpyAsync(void* d, const void* s, size_t n, cudaMemcpyKind k,
                                     cudaStream_t st) {
  API_ENTER;
  if (cudaError_t e = check_copy(d, s, n, k)) return done(e);
  return done(copy(d, n, s, n, n, 1, k, st));
}
VGPU_API cudaError_t cudaMemcpy(void* d, const void* s, size_t n, cudaMemcpyKind k) {
  return cudaMemcpyAsync(d, s, n, k, nullptr);
}
VGPU_API cudaError_t cudaMemcpy2DAsync(void* d, size_t dp, const void* s, size_t sp, size_t w,
                                       size_t h, cudaMemcpyKind k, cudaStream_t st) {
  API_ENTER;
  return done(copy(d, dp, s, sp, w, h, k, st));
}
VGPU_API cudaError_t cudaMemcpy2D(void* d, size_t dp, const void* s, size_t sp, size_t w, size_t h,
                                  cudaMemcpyKind k) {
  return cudaMemcpy2DAsync(d, dp, s, sp, w, h, k, nullptr);
}
VGPU_API cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* p, cudaStream_t st) {
  API_ENTER;
  return done(copy3d(p, st));
}
VGPU_API cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms* p) {
  return cudaMemcpy3DAsync(p, nullptr);
}
VGPU_API cudaError_t cudaMemcpyPeerAsync(void* d, int, const void* s, int, size_t n,
                                         cudaStream_t st) {
  return cudaMemcpyAsync(d, s, n, cudaMemcpyDeviceToDevice, st);
}
VGPU_API cudaError_t cudaMemcpyPeer(void* d, int, const void* s, int, size_t n) {
  return cudaMemcpyAsync(d, s, n, cudaMemcpyDeviceToDevice, nullptr);
}
VGPU_API cudaError_t cudaMemcpyToSymbolAsync(const void* sym, const void* s, size_t n, size_t off,
                                             cudaMemcpyKind k, cudaStream_t st) {
  API_ENTER;
  Var* v = var_of(sym);
  if (!v) return done(cudaErrorInvalidSymbol);
  if (off + n > v->size) return done(cudaErrorInvalidValue);
  return done(copy((u8*)v->addr + off, n, s, n, n, 1, k, st));
}
VGPU_API cudaError_t cudaMemcpyToSymbol(const void* sym, const void* s, size_t n, size_t off,
                                        cudaMemcpyKind k) {
  return cudaMemcpyToSymbolAsync(sym, s, n, off, k, nullptr);
}
VGPU_API cudaError_t cudaMemcpyFromSymbolAsync(void* d, const void* sym, size_t n, size_t off,
                                               cudaMemcpyKind k, cudaStream_t st) {
  API_ENTER;
  Var* v = var_of(sym);
  if (!v) return done(cudaErrorInvalidSymbol);
  if (off + n > v->size) return done(cudaErrorInvalidValue);
  return done(copy(d, n, (u8*)v->addr + off, n, n, 1, k, st));
}
VGPU_API cudaError_t cudaMemcpyFromSymbol(void* d, const void* sym, size_t n, size_t off,
                                          cudaMemcpyKind k) {
  return cudaMemcpyFromSymbolAsync(d, sym, n, off, k, nullptr);
}
VGPU_API cudaError_t cudaMemcpyBatchAsync(void* const* d, const void* const* s, const size_t* n,
                                          size_t count, cudaMemcpyAttributes*, size_t*, size_t,
                                          cudaStream_t st) {
  for (size_t i = 0; i < count; i++)
    if (cudaError_t e = cudaMemcpyAsync(d[i], s[i], n[i], cudaMemcpyDefault, st)) return e;
  return cudaSuccess;
}

VGPU_API cudaError_t cudaMemsetAsync(void* p, int v, size_t n, cudaStream_t st) {
  API_ENTER;
  return done(fill(p, n, (u8)v, 1, n, 1, st));
}
VGPU_API cudaError_t cudaMemset(void* p, int v, size_t n) {
  return cudaMemsetAsync(p, v, n, nullptr);
}
VGPU_API cudaError_t cudaMemset2DAsync(void* p, size_t pitch, int v, size_t w, size_t h,
                                       cudaStream_t st) {
  API_ENTER;
  return done(fill(p, pitch, (u8)v, 1, w, h, st));
}
VGPU_API cudaError_t cudaMemset2D(void* p, size_t pitch, int v, size_t w, size_t h) {
  return cudaMemset2DAsync(p, pitch, v, w, h, nullptr);
}
VGPU_API cudaError_t cudaMemset3DAsync(cudaPitchedPtr p, int v, cudaExtent e, cudaStream_t st) {
  API_ENTER;
  for (size_t z = 0; z < e.depth; z++)
    if (cudaError_t r =
            fill((u8*)p.ptr + z * p.pitch * p.ysize, p.pitch, (u8)v, 1, e.width, e.height, st))
      return done(r);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaMemset3D(cudaPitchedPtr p, int v, cudaExtent e) {
  return cudaMemset3DAsync(p, v, e, nullptr);
}

VGPU_API cudaError_t cudaMemAdvise(const void*, size_t, cudaMemoryAdvise, cudaMemLocation) {
  return cudaSuccess;
}
VGPU_API cudaError_t cudaMemPrefetchAsync(const void*, size_t, cudaMemLocation, unsigned,
                                          cudaStream_t) {
  return cudaSuccess;
}
VGPU_API cudaError_t cudaStreamAttachMemAsync(cudaStream_t, void*, size_t, unsigned) {
  return cudaSuccess;
}

// Pools: one kind of memory, no caching; attributes are remembered and otherwise ignored.
namespace {
struct Pool {
  u64 attr[16] = {0};
};
Pool g_pool;
Pool* g_current = &g_pool;
}  // namespace
VGPU_API cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* p, int) {
  *p = (cudaMemPool_t)&g_pool;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* p, int) {
  *p = (cudaMemPool_t)g_current;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceSetMemPool(int, cudaMemPool_t p) {
  g_current = (Pool*)p;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaMemPoolCreate(cudaMemPool_t* p, const cudaMemPoolProps*) {
  *p = (cudaMemPool_t) new Pool;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaMemPoolDestroy(cudaMemPool_t p) {
  if ((Pool*)p != &g_pool) delete (Pool*)p;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return cudaSuccess; }
VGPU_API cudaError_t cudaMemPoolSetAccess(cudaMemPool_t, const cudaMemAccessDesc*, size_t) {
  return cudaSuccess;
}
VGPU_API cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t p, cudaMemPoolAttr a, void* v) {
  bool wide = a >= cudaMemPoolAttrReleaseThreshold;
  ((Pool*)p)->attr[(int)a & 15] = wide ? *(u64*)v : *(u32*)v;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t p, cudaMemPoolAttr a, void* v) {
  bool wide = a >= cudaMemPoolAttrReleaseThreshold;
  u64 x = ((Pool*)p)->attr[(int)a & 15];
  if (a == cudaMemPoolAttrUsedMemCurrent || a == cudaMemPoolAttrReservedMemCurrent)
    x = memtable().bytes(MemKind::Device);
  if (wide)
    *(u64*)v = x;
  else
    *(u32*)v = (u32)x;
  return cudaSuccess;
}

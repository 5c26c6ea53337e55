// The part of the driver API that runtime programs reach for: tensor maps, and the queries around
// them. Programs get at it through cudaGetDriverEntryPoint or through lib/libcuda.so.1 (which asks
// here, by name).
#include <cuda.h>

#include "tests/vgpu/src/runtime/internal.h"
#include "tests/vgpu/src/runtime/tensormap.h"
namespace vgpu {
namespace {
const char* err_name(CUresult e) {
  switch (e) {
    case CUDA_SUCCESS:
      return "CUDA_SUCCESS";
    case CUDA_ERROR_INVALID_VALUE:
      return "CUDA_ERROR_INVALID_VALUE";
    case CUDA_ERROR_OUT_OF_MEMORY:
      return "CUDA_ERROR_OUT_OF_MEMORY";
    case CUDA_ERROR_NOT_INITIALIZED:
      return "CUDA_ERROR_NOT_INITIALIZED";
    case CUDA_ERROR_INVALID_DEVICE:
      return "CUDA_ERROR_INVALID_DEVICE";
    case CUDA_ERROR_NOT_FOUND:
      return "CUDA_ERROR_NOT_FOUND";
    case CUDA_ERROR_NOT_SUPPORTED:
      return "CUDA_ERROR_NOT_SUPPORTED";
    case CUDA_ERROR_ILLEGAL_ADDRESS:
      return "CUDA_ERROR_ILLEGAL_ADDRESS";
    case CUDA_ERROR_LAUNCH_FAILED:
      return "CUDA_ERROR_LAUNCH_FAILED";
    case CUDA_ERROR_NO_DEVICE:
      return "CUDA_ERROR_NO_DEVICE";
    case CUDA_ERROR_INVALID_CONTEXT:
      return "CUDA_ERROR_INVALID_CONTEXT";
    default:
      return "CUDA_ERROR_UNKNOWN";
  }
}
int type_size(CUtensorMapDataType t) {
  switch (t) {
    case CU_TENSOR_MAP_DATA_TYPE_UINT8:
      return 1;
    case CU_TENSOR_MAP_DATA_TYPE_UINT16:
    case CU_TENSOR_MAP_DATA_TYPE_FLOAT16:
    case CU_TENSOR_MAP_DATA_TYPE_BFLOAT16:
      return 2;
    case CU_TENSOR_MAP_DATA_TYPE_UINT32:
    case CU_TENSOR_MAP_DATA_TYPE_INT32:
    case CU_TENSOR_MAP_DATA_TYPE_FLOAT32:
    case CU_TENSOR_MAP_DATA_TYPE_FLOAT32_FTZ:
    case CU_TENSOR_MAP_DATA_TYPE_TFLOAT32:
    case CU_TENSOR_MAP_DATA_TYPE_TFLOAT32_FTZ:
      return 4;
    case CU_TENSOR_MAP_DATA_TYPE_UINT64:
    case CU_TENSOR_MAP_DATA_TYPE_INT64:
    case CU_TENSOR_MAP_DATA_TYPE_FLOAT64:
      return 8;
    default:
      return 0;
  }
}
CUresult refuse(const char* why) {
  log_line(std::string("cuTensorMapEncodeTiled: CUDA_ERROR_INVALID_VALUE: ") + why);
  return CUDA_ERROR_INVALID_VALUE;
}

CUresult CUDAAPI encode_tiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank,
                              void* addr, const cuuint64_t* dim, const cuuint64_t* stride,
                              const cuuint32_t* box, const cuuint32_t* es,
                              CUtensorMapInterleave inter, CUtensorMapSwizzle swz,
                              CUtensorMapL2promotion l2, CUtensorMapFloatOOBfill fill) {
  if (!map || (u64)map % 64) return refuse("the tensor map must be 64-byte aligned");
  if ((unsigned)type > CU_TENSOR_MAP_DATA_TYPE_16U6_ALIGN16B) return refuse("data type");
  int e = type_size(type);
  if (!e) {
    log_line("cuTensorMapEncodeTiled: 4- and 6-bit types are not implemented");
    return CUDA_ERROR_NOT_SUPPORTED;
  }
  if (rank < 1 || rank > 5) return refuse("the rank must be 1 to 5");
  if ((unsigned)inter > CU_TENSOR_MAP_INTERLEAVE_32B ||
      (unsigned)swz > CU_TENSOR_MAP_SWIZZLE_128B_ATOM_64B ||
      (unsigned)l2 > CU_TENSOR_MAP_L2_PROMOTION_L2_256B ||
      (unsigned)fill > CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA)
    return refuse("enumeration out of range");
  if (inter != CU_TENSOR_MAP_INTERLEAVE_NONE && rank < 3)
    return refuse("interleaved layouts need rank 3 or more");
  if (!addr || (u64)addr % (inter == CU_TENSOR_MAP_INTERLEAVE_32B ? 32 : 16))
    return refuse("the global address must be 16-byte aligned (32 with interleave 32B)");
  if (!dim || !box || !es || (rank > 1 && !stride)) return refuse("null argument");
  for (u32 i = 0; i < rank; i++) {
    if (!dim[i] || dim[i] > (1ull << 32)) return refuse("a global dimension must be 1 to 2^32");
    if (!box[i] || box[i] > 256) return refuse("a box dimension must be 1 to 256");
    if (!es[i] || es[i] > 8) return refuse("an element stride must be 1 to 8");
  }
  for (u32 i = 0; i + 1 < rank; i++)
    if (stride[i] % (inter == CU_TENSOR_MAP_INTERLEAVE_32B ? 32 : 16) || stride[i] >= (1ull << 40))
      return refuse("a global stride must be a multiple of 16 (32 with interleave 32B) below 2^40");
  if (inter == CU_TENSOR_MAP_INTERLEAVE_NONE) {
    u32 inner = box[0] * (u32)e;
    if (inner % 16) return refuse("the box's inner dimension must be a multiple of 16 bytes");
    u32 span = swz == CU_TENSOR_MAP_SWIZZLE_NONE  ? ~0u
               : swz == CU_TENSOR_MAP_SWIZZLE_32B ? 32
               : swz == CU_TENSOR_MAP_SWIZZLE_64B ? 64
                                                  : 128;
    if (inner > span) return refuse("the box's inner dimension is larger than the swizzle span");
  } else if (inter == CU_TENSOR_MAP_INTERLEAVE_32B && swz != CU_TENSOR_MAP_SWIZZLE_32B)
    return refuse("interleave 32B needs swizzle 32B");
  bool is_float = type >= CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
  if (fill == CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA && !is_float)
    return refuse("NaN fill needs a floating-point type");
  if (inter != CU_TENSOR_MAP_INTERLEAVE_NONE || swz > CU_TENSOR_MAP_SWIZZLE_128B) {
    log_line(
        "cuTensorMapEncodeTiled: interleaved layouts and 32/64-byte swizzle atoms are not "
        "implemented");
    return CUDA_ERROR_NOT_SUPPORTED;
  }
  TMap t{};
  t.magic = kTMapMagic;
  t.addr = (u64)addr;
  t.type = (u8)type;
  t.esize = (u8)e;
  t.rank = (u8)rank;
  t.swizzle = (u8)swz;
  t.nan_fill = fill != 0;
  t.l2 = (u8)l2;
  for (u32 i = 0; i < rank; i++) {
    t.dim[i] = dim[i];
    t.box[i] = (u16)box[i];
    t.es[i] = (u8)es[i];
    if (i) t.stride[i - 1] = stride[i - 1];
  }
  memset(map, 0, sizeof *map);
  memcpy(map, &t, sizeof t);
  return CUDA_SUCCESS;
}
CUresult CUDAAPI replace_address(CUtensorMap* map, void* addr) {
  TMap t;
  if (!map) return CUDA_ERROR_INVALID_VALUE;
  memcpy(&t, map, sizeof t);
  if (t.magic != kTMapMagic || (u64)addr % 16) return CUDA_ERROR_INVALID_VALUE;
  t.addr = (u64)addr;
  memcpy(map, &t, sizeof t);
  return CUDA_SUCCESS;
}
[[noreturn]] void no_im2col() {
  log_line("cuTensorMapEncodeIm2col is not implemented");
  abort();
}
CUresult CUDAAPI im2col() { no_im2col(); }

CUresult CUDAAPI init(unsigned) { return CUDA_SUCCESS; }
CUresult CUDAAPI driver_version(int* v) {
  if (!v) return CUDA_ERROR_INVALID_VALUE;
  *v = 13000;
  return CUDA_SUCCESS;
}
CUresult CUDAAPI error_string(CUresult e, const char** s) {
  *s = e == CUDA_SUCCESS               ? "no error"
       : e == CUDA_ERROR_INVALID_VALUE ? "invalid argument"
                                       : err_name(e);
  return CUDA_SUCCESS;
}
CUresult CUDAAPI error_name(CUresult e, const char** s) {
  *s = err_name(e);
  return CUDA_SUCCESS;
}
CUresult CUDAAPI device_get(CUdevice* d, int n) {
  if (n) return CUDA_ERROR_INVALID_DEVICE;
  *d = 0;
  return CUDA_SUCCESS;
}
CUresult CUDAAPI device_count(int* n) {
  *n = 1;
  return CUDA_SUCCESS;
}
CUresult CUDAAPI device_name(char* s, int n, CUdevice) {
  snprintf(s, (size_t)n, "%s", device().name);
  return CUDA_SUCCESS;
}
CUresult CUDAAPI device_attr(int* v, CUdevice_attribute a, CUdevice d) {
  return (CUresult)cudaDeviceGetAttribute(v, (cudaDeviceAttr)a, d);
}
CUresult CUDAAPI device_mem(size_t* n, CUdevice) {
  *n = device().mem;
  return CUDA_SUCCESS;
}
CUresult CUDAAPI device_cc(int* major, int* minor, CUdevice) {
  *major = device().cc / 10;
  *minor = device().cc % 10;
  return CUDA_SUCCESS;
}
CUcontext the_context() { return (CUcontext)(uintptr_t)0x7671; }
CUresult CUDAAPI ctx_get(CUcontext* c) {
  *c = the_context();
  return CUDA_SUCCESS;
}
CUresult CUDAAPI ctx_set(CUcontext) { return CUDA_SUCCESS; }
CUresult CUDAAPI ctx_device(CUdevice* d) {
  *d = 0;
  return CUDA_SUCCESS;
}
CUresult CUDAAPI ctx_sync() { return (CUresult)cudaDeviceSynchronize(); }
CUresult CUDAAPI primary_retain(CUcontext* c, CUdevice) {
  *c = the_context();
  return CUDA_SUCCESS;
}
CUresult CUDAAPI primary_release(CUdevice) { return CUDA_SUCCESS; }
CUresult CUDAAPI mem_alloc_(CUdeviceptr* p, size_t n) { return (CUresult)cudaMalloc((void**)p, n); }
CUresult CUDAAPI mem_free_(CUdeviceptr p) { return (CUresult)cudaFree((void*)p); }
CUresult CUDAAPI htod(CUdeviceptr d, const void* s, size_t n) {
  return (CUresult)cudaMemcpy((void*)d, s, n, cudaMemcpyHostToDevice);
}
CUresult CUDAAPI dtoh(void* d, CUdeviceptr s, size_t n) {
  return (CUresult)cudaMemcpy(d, (void*)s, n, cudaMemcpyDeviceToHost);
}

CUresult CUDAAPI htod_async(CUdeviceptr d, const void* s, size_t n, CUstream st) {
  return (CUresult)cudaMemcpyAsync((void*)d, s, n, cudaMemcpyHostToDevice, (cudaStream_t)st);
}
CUresult CUDAAPI dtoh_async(void* d, CUdeviceptr s, size_t n, CUstream st) {
  return (CUresult)cudaMemcpyAsync(d, (void*)s, n, cudaMemcpyDeviceToHost, (cudaStream_t)st);
}
template <class T>
CUresult CUDAAPI memset_async(CUdeviceptr d, T v, size_t n, CUstream st) {
  API_LOCK;
  if (cudaError_t e = pending()) return (CUresult)e;
  if (!n) return CUDA_SUCCESS;
  if (d % sizeof(T) || !range_ok((void*)d, n * sizeof(T), false)) return CUDA_ERROR_INVALID_VALUE;
  Node x;
  x.type = cudaGraphNodeTypeMemset;
  x.set.dst = (void*)d;
  x.set.value = v;
  x.set.elementSize = sizeof(T);
  x.set.width = n;
  x.set.height = 1;
  x.set.pitch = n * sizeof(T);
  return (CUresult)submit((cudaStream_t)st, x);
}
template <class T>
CUresult CUDAAPI memset_(CUdeviceptr d, T v, size_t n) {
  return memset_async<T>(d, v, n, nullptr);
}
CUresult CUDAAPI stream_sync(CUstream s) {
  return (CUresult)cudaStreamSynchronize((cudaStream_t)s);
}

const struct {
  const char* name;
  void* fn;
} kEntries[] = {{"cuMemcpyHtoDAsync", (void*)htod_async},
                {"cuMemcpyHtoDAsync_v2", (void*)htod_async},
                {"cuMemcpyDtoHAsync", (void*)dtoh_async},
                {"cuMemcpyDtoHAsync_v2", (void*)dtoh_async},
                {"cuStreamSynchronize", (void*)stream_sync},
                {"cuMemsetD8", (void*)memset_<u8>},
                {"cuMemsetD8_v2", (void*)memset_<u8>},
                {"cuMemsetD16", (void*)memset_<u16>},
                {"cuMemsetD16_v2", (void*)memset_<u16>},
                {"cuMemsetD32", (void*)memset_<u32>},
                {"cuMemsetD32_v2", (void*)memset_<u32>},
                {"cuMemsetD8Async", (void*)memset_async<u8>},
                {"cuMemsetD16Async", (void*)memset_async<u16>},
                {"cuMemsetD32Async", (void*)memset_async<u32>},
                {"cuTensorMapEncodeTiled", (void*)encode_tiled},
                {"cuTensorMapEncodeIm2col", (void*)im2col},
                {"cuTensorMapEncodeIm2colWide", (void*)im2col},
                {"cuTensorMapReplaceAddress", (void*)replace_address},
                {"cuInit", (void*)init},
                {"cuDriverGetVersion", (void*)driver_version},
                {"cuGetErrorString", (void*)error_string},
                {"cuGetErrorName", (void*)error_name},
                {"cuDeviceGet", (void*)device_get},
                {"cuDeviceGetCount", (void*)device_count},
                {"cuDeviceGetName", (void*)device_name},
                {"cuDeviceGetAttribute", (void*)device_attr},
                {"cuDeviceTotalMem", (void*)device_mem},
                {"cuDeviceTotalMem_v2", (void*)device_mem},
                {"cuDeviceComputeCapability", (void*)device_cc},
                {"cuCtxGetCurrent", (void*)ctx_get},
                {"cuCtxSetCurrent", (void*)ctx_set},
                {"cuCtxGetDevice", (void*)ctx_device},
                {"cuCtxSynchronize", (void*)ctx_sync},
                {"cuDevicePrimaryCtxRetain", (void*)primary_retain},
                {"cuDevicePrimaryCtxRelease", (void*)primary_release},
                {"cuDevicePrimaryCtxRelease_v2", (void*)primary_release},
                {"cuMemAlloc", (void*)mem_alloc_},
                {"cuMemAlloc_v2", (void*)mem_alloc_},
                {"cuMemFree", (void*)mem_free_},
                {"cuMemFree_v2", (void*)mem_free_},
                {"cuMemcpyHtoD", (void*)htod},
                {"cuMemcpyHtoD_v2", (void*)htod},
                {"cuMemcpyDtoH", (void*)dtoh},
                {"cuMemcpyDtoH_v2", (void*)dtoh}};
cudaError_t entry(const char* name, void** f, cudaDriverEntryPointQueryResult* r) {
  if (!name || !f) return done(cudaErrorInvalidValue);
  *f = nullptr;
  for (auto& e : kEntries)
    if (!strcmp(e.name, name)) *f = e.fn;
  if (!*f && strncmp(name, "cuda", 4) && strcmp(name, "?"))
    log_line(format_text("the program asked for the driver function %s, which vgpu does not have",
                         name));
  if (r) *r = *f ? cudaDriverEntryPointSuccess : cudaDriverEntryPointSymbolNotFound;
  return cudaSuccess;
}
}  // namespace
}  // namespace vgpu
using namespace vgpu;
VGPU_API cudaError_t cudaGetDriverEntryPoint(const char* n, void** f, unsigned long long,
                                             cudaDriverEntryPointQueryResult* r) {
  return entry(n, f, r);
}
VGPU_API cudaError_t cudaGetDriverEntryPointByVersion(const char* n, void** f, unsigned,
                                                      unsigned long long,
                                                      cudaDriverEntryPointQueryResult* r) {
  return entry(n, f, r);
}

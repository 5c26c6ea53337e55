// The device and the error state.
#include "tests/vgpu/src/runtime/internal.h"
namespace vgpu {
// Limits by the CUDA C++ Programming Guide's table of compute capabilities; the rest of one product
// of each. Order of fields: DeviceInfo.
static const DeviceInfo kDevs[] = {{70, 80, "Tesla V100-SXM2-32GB (vgpu)", 34079637504ull, 98304,
                                    98304, 6291456, 32, 2048, 1530000, 877000, 4096},
                                   {75, 40, "Tesla T4 (vgpu)", 15828320256ull, 65536, 65536,
                                    4194304, 16, 1024, 1590000, 5001000, 256},
                                   {80, 108, "NVIDIA A100-SXM4-80GB (vgpu)", 85091155968ull, 166912,
                                    167936, 41943040, 32, 2048, 1410000, 1593000, 5120},
                                   {86, 84, "NVIDIA A40 (vgpu)", 48305799168ull, 101376, 102400,
                                    6291456, 16, 1536, 1740000, 7251000, 384},
                                   {89, 128, "NVIDIA GeForce RTX 4090 (vgpu)", 25393692672ull,
                                    101376, 102400, 75497472, 24, 1536, 2520000, 10501000, 384},
                                   {90, 132, "NVIDIA H100 80GB HBM3 (vgpu)", 85017755648ull, 232448,
                                    233472, 52428800, 32, 2048, 1980000, 2619000, 5120},
                                   {100, 148, "NVIDIA B200 (vgpu)", 191503532032ull, 232448, 233472,
                                    132644864, 32, 2048, 1965000, 3996000, 8192},
                                   {120, 170, "NVIDIA GeForce RTX 5090 (vgpu)", 33661911040ull,
                                    101376, 102400, 100663296, 24, 1536, 2407000, 14001000, 512}};
int device_cc() {
  static int cc = [] {
    const char* e = environment_text("VGPU_CC", "9.0");
    double v = atof(e);
    int c = (int)(v * 10 + 0.5);
    return v > 30 ? (int)v : c;
  }();
  return cc;
}
static const DeviceInfo& find_device() {
  std::string known;
  for (const DeviceInfo& d : kDevs) {
    if (d.cc == device_cc()) return d;
    known += format_text(" %d.%d", d.cc / 10, d.cc % 10);
  }
  log_line(
      format_text("VGPU_CC asks for compute capability %d.%d, of which nothing is known here: "
                  "take one of%s",
                  device_cc() / 10, device_cc() % 10, known.c_str()));
  abort();
}
const DeviceInfo& device() {
  static const DeviceInfo& d = find_device();
  return d;
}
static cudaError_t g_pending = cudaSuccess;
static thread_local cudaError_t t_last = cudaSuccess;
void set_pending(cudaError_t e) {
  if (!g_pending) g_pending = e;
}
cudaError_t pending() { return g_pending; }
cudaError_t enter() { return g_pending; }
cudaError_t done(cudaError_t e) {
  if (e) t_last = e;
  return e;
}

static const struct {
  cudaError_t e;
  const char *name, *text;
} kErr[] = {
#define E(n, t) \
  { n, #n, t }
    E(cudaSuccess, "no error"),
    E(cudaErrorInvalidValue, "invalid argument"),
    E(cudaErrorMemoryAllocation, "out of memory"),
    E(cudaErrorInitializationError, "initialization error"),
    E(cudaErrorCudartUnloading, "driver shutting down"),
    E(cudaErrorProfilerDisabled, "profiler disabled while using external profiling tool"),
    E(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    E(cudaErrorInvalidPitchValue, "invalid pitch argument"),
    E(cudaErrorInvalidSymbol, "invalid device symbol"),
    E(cudaErrorInvalidHostPointer, "invalid host pointer"),
    E(cudaErrorInvalidDevicePointer, "invalid device pointer"),
    E(cudaErrorInvalidTexture, "invalid texture reference"),
    E(cudaErrorInvalidChannelDescriptor, "invalid channel descriptor"),
    E(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    E(cudaErrorStubLibrary, "CUDA driver is a stub library"),
    E(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"),
    E(cudaErrorCallRequiresNewerDriver, "CUDA driver error: call requires newer driver"),
    E(cudaErrorInvalidSurface, "invalid surface reference"),
    E(cudaErrorMissingConfiguration, "__global__ function call is not configured"),
    E(cudaErrorPriorLaunchFailure, "unspecified launch failure in prior launch"),
    E(cudaErrorLaunchMaxDepthExceeded, "launch would exceed maximum depth of nested launches"),
    E(cudaErrorInvalidDeviceFunction, "invalid device function"),
    E(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    E(cudaErrorInvalidDevice, "invalid device ordinal"),
    E(cudaErrorDeviceNotLicensed, "device doesn't have valid Grid license"),
    E(cudaErrorStartupFailure, "integrity checks failed"),
    E(cudaErrorInvalidKernelImage, "device kernel image is invalid"),
    E(cudaErrorDeviceUninitialized, "invalid device context"),
    E(cudaErrorMapBufferObjectFailed, "mapping of buffer object failed"),
    E(cudaErrorUnmapBufferObjectFailed, "unmapping of buffer object failed"),
    E(cudaErrorArrayIsMapped, "array is mapped"),
    E(cudaErrorAlreadyMapped, "resource already mapped"),
    E(cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device"),
    E(cudaErrorAlreadyAcquired, "resource already acquired"),
    E(cudaErrorNotMapped, "resource not mapped"),
    E(cudaErrorECCUncorrectable, "uncorrectable ECC error encountered"),
    E(cudaErrorUnsupportedLimit, "limit is not supported on this architecture"),
    E(cudaErrorDeviceAlreadyInUse, "exclusive-thread device already in use by a different thread"),
    E(cudaErrorPeerAccessUnsupported, "peer access is not supported between these two devices"),
    E(cudaErrorInvalidPtx, "a PTX JIT compilation failed"),
    E(cudaErrorJitCompilerNotFound, "PTX JIT compiler library not found"),
    E(cudaErrorUnsupportedPtxVersion,
      "the provided PTX was compiled with an unsupported toolchain."),
    E(cudaErrorInvalidSource, "device kernel image is invalid"),
    E(cudaErrorFileNotFound, "file not found"),
    E(cudaErrorSharedObjectSymbolNotFound, "shared object symbol not found"),
    E(cudaErrorSharedObjectInitFailed, "shared object initialization failed"),
    E(cudaErrorOperatingSystem, "OS call failed or operation not supported on this OS"),
    E(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    E(cudaErrorIllegalState, "the operation cannot be performed in the present state"),
    E(cudaErrorSymbolNotFound, "named symbol not found"),
    E(cudaErrorNotReady, "device not ready"),
    E(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    E(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    E(cudaErrorLaunchTimeout, "the launch timed out and was terminated"),
    E(cudaErrorPeerAccessAlreadyEnabled, "peer access is already enabled"),
    E(cudaErrorPeerAccessNotEnabled, "peer access has not been enabled"),
    E(cudaErrorSetOnActiveProcess, "cannot set while device is active in this process"),
    E(cudaErrorContextIsDestroyed, "context is destroyed"),
    E(cudaErrorAssert, "device-side assert triggered"),
    E(cudaErrorTooManyPeers, "peer mapping resources exhausted"),
    E(cudaErrorHostMemoryAlreadyRegistered,
      "part or all of the requested memory range is already mapped"),
    E(cudaErrorHostMemoryNotRegistered,
      "pointer does not correspond to a registered memory region"),
    E(cudaErrorHardwareStackError, "hardware stack error"),
    E(cudaErrorIllegalInstruction, "an illegal instruction was encountered"),
    E(cudaErrorMisalignedAddress, "misaligned address"),
    E(cudaErrorInvalidAddressSpace, "operation not supported on global/shared address space"),
    E(cudaErrorInvalidPc, "invalid program counter"),
    E(cudaErrorLaunchFailure, "unspecified launch failure"),
    E(cudaErrorCooperativeLaunchTooLarge, "too many blocks in cooperative launch"),
    E(cudaErrorNotPermitted, "operation not permitted"),
    E(cudaErrorNotSupported, "operation not supported"),
    E(cudaErrorSystemNotReady, "system not yet initialized"),
    E(cudaErrorSystemDriverMismatch,
      "system has unsupported display driver / cuda driver combination"),
    E(cudaErrorStreamCaptureUnsupported, "operation not permitted when stream is capturing"),
    E(cudaErrorStreamCaptureInvalidated, "operation failed due to a previous error during capture"),
    E(cudaErrorStreamCaptureMerge,
      "operation would result in a merge of separate capture sequences"),
    E(cudaErrorStreamCaptureUnmatched, "capture was not ended in the same stream as it began"),
    E(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work"),
    E(cudaErrorStreamCaptureIsolation, "dependency created on uncaptured work in another stream"),
    E(cudaErrorStreamCaptureImplicit,
      "operation would make the legacy stream depend on a capturing blocking stream"),
    E(cudaErrorCapturedEvent,
      "operation not permitted on an event last recorded in a capturing stream"),
    E(cudaErrorStreamCaptureWrongThread,
      "attempt to terminate a thread-local capture sequence from another thread"),
    E(cudaErrorTimeout, "wait operation timed out"),
    E(cudaErrorGraphExecUpdateFailure,
      "the graph update was not performed because it included changes which violated constraints "
      "specific to instantiated graph update"),
    E(cudaErrorInvalidClusterSize, "cluster misconfiguration"),
    E(cudaErrorUnknown, "unknown error")
#undef E
};
}  // namespace vgpu
using namespace vgpu;
extern "C" __attribute__((visibility("hidden"))) int vgpu_unimplemented(const char* name) {
  log_line(format_text(
      "the program called %s, which vgpu does not implement; returning cudaErrorNotSupported",
      name));
  return done(cudaErrorNotSupported);
}

VGPU_API const char* cudaGetErrorName(cudaError_t e) {
  for (auto& k : kErr)
    if (k.e == e) return k.name;
  return "unrecognized error code";
}
VGPU_API const char* cudaGetErrorString(cudaError_t e) {
  for (auto& k : kErr)
    if (k.e == e) return k.text;
  return "unrecognized error code";
}
VGPU_API cudaError_t cudaGetLastError() {
  cudaError_t e = t_last;
  t_last = cudaSuccess;
  return e;
}
VGPU_API cudaError_t cudaPeekAtLastError() { return t_last; }

VGPU_API cudaError_t cudaDeviceSynchronize() {
  API_ENTER;
  fflush(stdout);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceReset() {
  API_LOCK;
  g_pending = cudaSuccess;
  t_last = cudaSuccess;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGetDeviceCount(int* n) {
  *n = 1;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaGetDevice(int* d) {
  *d = 0;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaSetDevice(int d) {
  return done(d == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
VGPU_API cudaError_t cudaInitDevice(int d, unsigned, unsigned) {
  return done(d == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
VGPU_API cudaError_t cudaSetValidDevices(int*, int) { return cudaSuccess; }
VGPU_API cudaError_t cudaSetDeviceFlags(unsigned) { return cudaSuccess; }
VGPU_API cudaError_t cudaGetDeviceFlags(unsigned* f) {
  *f = 0;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaChooseDevice(int* d, const cudaDeviceProp*) {
  *d = 0;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDriverGetVersion(int* v) {
  *v = 13000;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaRuntimeGetVersion(int* v) {
  *v = 13000;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceGetPCIBusId(char* s, int n, int) {
  snprintf(s, n, "0000:01:00.0");
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceGetByPCIBusId(int* d, const char*) {
  *d = 0;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceCanAccessPeer(int* c, int, int) {
  *c = 0;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceEnablePeerAccess(int, unsigned) {
  return done(cudaErrorPeerAccessUnsupported);
}
VGPU_API cudaError_t cudaDeviceGetStreamPriorityRange(int* lo, int* hi) {
  if (lo) *lo = 0;
  if (hi) *hi = -5;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache* c) {
  *c = cudaFuncCachePreferNone;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache) { return cudaSuccess; }
VGPU_API cudaError_t cudaDeviceGetSharedMemConfig(cudaSharedMemConfig* c) {
  *c = cudaSharedMemBankSizeFourByte;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceSetSharedMemConfig(cudaSharedMemConfig) { return cudaSuccess; }
static size_t g_limits[16] = {1024, 1048576, 8388608, 2, 2048, 128, 0};
VGPU_API cudaError_t cudaDeviceSetLimit(cudaLimit l, size_t v) {
  if ((int)l > 6) return done(cudaErrorUnsupportedLimit);
  g_limits[l] = v;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceGetLimit(size_t* v, cudaLimit l) {
  if ((int)l > 6) return done(cudaErrorUnsupportedLimit);
  *v = g_limits[l];
  return cudaSuccess;
}
VGPU_API cudaError_t cudaCtxResetPersistingL2Cache() { return cudaSuccess; }
VGPU_API cudaError_t cudaProfilerStart() { return cudaSuccess; }
VGPU_API cudaError_t cudaProfilerStop() { return cudaSuccess; }

VGPU_API cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int dev) {
  if (dev) return done(cudaErrorInvalidDevice);
  memset(p, 0, sizeof *p);
  const DeviceInfo& d = device();
  snprintf(p->name, sizeof p->name, "%s", d.name);
  for (int i = 0; i < 16; i++) p->uuid.bytes[i] = (char)(0x76 + i);
  p->totalGlobalMem = d.mem;
  p->sharedMemPerBlock = 49152;
  p->regsPerBlock = 65536;
  p->warpSize = 32;
  p->memPitch = 2147483647;
  p->maxThreadsPerBlock = 1024;
  p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
  p->maxThreadsDim[2] = 64;
  p->maxGridSize[0] = 2147483647;
  p->maxGridSize[1] = p->maxGridSize[2] = 65535;
  p->totalConstMem = 65536;
  p->major = d.cc / 10;
  p->minor = d.cc % 10;
  p->textureAlignment = 512;
  p->texturePitchAlignment = 32;
  p->multiProcessorCount = d.sms;
  p->canMapHostMemory = 1;
  p->concurrentKernels = 1;
  p->ECCEnabled = 1;
  p->pciBusID = 1;
  p->asyncEngineCount = 3;
  p->unifiedAddressing = 1;
  p->memoryBusWidth = d.bus;
  p->l2CacheSize = d.l2;
  p->persistingL2CacheMaxSize = d.l2 * 5 / 8;
  p->maxThreadsPerMultiProcessor = d.threads_sm;
  p->streamPrioritiesSupported = 1;
  p->globalL1CacheSupported = p->localL1CacheSupported = 1;
  p->sharedMemPerMultiprocessor = d.smem_sm;
  p->regsPerMultiprocessor = 65536;
  p->managedMemory = 1;
  p->hostNativeAtomicSupported = 0;
  p->pageableMemoryAccess = 0;
  p->concurrentManagedAccess = 1;
  p->computePreemptionSupported = 1;
  p->canUseHostPointerForRegisteredMem = 1;
  p->cooperativeLaunch = 1;
  p->sharedMemPerBlockOptin = d.smem_optin;
  p->maxBlocksPerMultiProcessor = d.blocks_sm;
  p->accessPolicyMaxWindowSize = 134217728;
  p->reservedSharedMemPerBlock = 1024;
  p->hostRegisterSupported = 1;
  p->memoryPoolsSupported = 1;
  p->clusterLaunch = d.cc >= 90;
  p->unifiedFunctionPointers = 1;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaDeviceGetAttribute(int* v, cudaDeviceAttr a, int dev) {
  if (dev) return done(cudaErrorInvalidDevice);
  cudaDeviceProp p;
  cudaGetDeviceProperties(&p, 0);
  const DeviceInfo& d = device();
  switch (a) {
#define A(n, x)        \
  case cudaDevAttr##n: \
    *v = (int)(x);     \
    break
    A(MaxThreadsPerBlock, 1024);
    A(MaxBlockDimX, 1024);
    A(MaxBlockDimY, 1024);
    A(MaxBlockDimZ, 64);
    A(MaxGridDimX, 2147483647);
    A(MaxGridDimY, 65535);
    A(MaxGridDimZ, 65535);
    A(MaxSharedMemoryPerBlock, 49152);
    A(TotalConstantMemory, 65536);
    A(WarpSize, 32);
    A(MaxPitch, 2147483647);
    A(MaxRegistersPerBlock, 65536);
    A(ClockRate, d.clock_khz);
    A(TextureAlignment, 512);
    A(GpuOverlap, 1);
    A(MultiProcessorCount, d.sms);
    A(KernelExecTimeout, 0);
    A(Integrated, 0);
    A(CanMapHostMemory, 1);
    A(ComputeMode, 0);
    A(ConcurrentKernels, 1);
    A(EccEnabled, 1);
    A(PciBusId, 1);
    A(PciDeviceId, 0);
    A(TccDriver, 0);
    A(MemoryClockRate, d.mem_khz);
    A(GlobalMemoryBusWidth, d.bus);
    A(L2CacheSize, d.l2);
    A(MaxThreadsPerMultiProcessor, d.threads_sm);
    A(AsyncEngineCount, 3);
    A(UnifiedAddressing, 1);
    A(PciDomainId, 0);
    A(ComputeCapabilityMajor, d.cc / 10);
    A(ComputeCapabilityMinor, d.cc % 10);
    A(StreamPrioritiesSupported, 1);
    A(GlobalL1CacheSupported, 1);
    A(LocalL1CacheSupported, 1);
    A(MaxSharedMemoryPerMultiprocessor, d.smem_sm);
    A(MaxRegistersPerMultiprocessor, 65536);
    A(ManagedMemory, 1);
    A(IsMultiGpuBoard, 0);
    A(HostNativeAtomicSupported, 0);
    A(SingleToDoublePrecisionPerfRatio, 2);
    A(PageableMemoryAccess, 0);
    A(ConcurrentManagedAccess, 1);
    A(ComputePreemptionSupported, 1);
    A(CanUseHostPointerForRegisteredMem, 1);
    A(CooperativeLaunch, 1);
    A(MaxSharedMemoryPerBlockOptin, d.smem_optin);
    A(CanFlushRemoteWrites, 0);
    A(HostRegisterSupported, 1);
    A(PageableMemoryAccessUsesHostPageTables, 0);
    A(DirectManagedMemAccessFromHost, 0);
    A(MaxBlocksPerMultiprocessor, d.blocks_sm);
    A(MaxPersistingL2CacheSize, p.persistingL2CacheMaxSize);
    A(MaxAccessPolicyWindowSize, 134217728);
    A(ReservedSharedMemoryPerBlock, 1024);
    A(SparseCudaArraySupported, 0);
    A(MemoryPoolsSupported, 1);
    A(GPUDirectRDMASupported, 0);
    A(ClusterLaunch, d.cc >= 90);
    A(TexturePitchAlignment, 32);
    A(SurfaceAlignment, 512);
#undef A
    default:
      *v = 0;
  }
  return cudaSuccess;
}

// Launching kernels; what can be asked about them.
#include <algorithm>

#include "tests/vgpu/src/runtime/internal.h"
namespace vgpu {
static thread_local std::vector<std::tuple<dim3, dim3, size_t, cudaStream_t>> pushed_configurations;
static bool checks() {
  static bool c = environment_number("VGPU_CHECK", 1) != 0;
  return c;
}

int blocks_per_sm(Kernel* k, int threads, size_t dyn) {
  const DeviceInfo& d = device();
  if (threads <= 0 || threads > 1024 || !k->build()) return 0;
  int warps = (threads + 31) / 32;
  int n = std::min(d.blocks_sm, d.threads_sm / (warps * 32));
  size_t smem = k->prog->static_shared + dyn + 1024;
  n = std::min<size_t>(n, d.smem_sm / smem);
  u32 regs = std::clamp<u32>(k->prog->codes[0]->nregs32 + 8, 16, 255);
  if (u32 mt = k->decl()->maxntid[0] * k->decl()->maxntid[1] * k->decl()->maxntid[2]) {
    u32 lim = 65536 / ((mt + 31) / 32 * 32 * std::max(1u, k->decl()->minctas));
    regs = std::min(regs, std::max(16u, lim / 8 * 8));
  } else
    regs = std::min(regs, 65536u / (warps * 32) / 8 * 8);
  regs = (regs + 7) / 8 * 8;
  n = std::min<int>(n, 65536 / (regs * warps * 32));
  return n;
}

cudaError_t check_launch(const Node& n) {
  const DeviceInfo& d = device();
  u64 t = n.block.count();
  if (!n.kernel) return cudaErrorInvalidDeviceFunction;
  if (!n.grid.count() || !t) return cudaErrorInvalidConfiguration;
  if (t > 1024 || n.block.x > 1024 || n.block.y > 1024 || n.block.z > 64)
    return cudaErrorInvalidConfiguration;
  if (n.grid.x > 0x7fffffffu || n.grid.y > 65535 || n.grid.z > 65535)
    return cudaErrorInvalidConfiguration;
  Kernel* k = n.kernel;
  if (!k->build()) return cudaErrorInvalidPtx;
  const FuncDecl* f = k->decl();
  if (f->maxntid[0] && t > (u64)f->maxntid[0] * f->maxntid[1] * f->maxntid[2])
    return cudaErrorInvalidValue;
  if (f->reqntid[0] &&
      (n.block.x != f->reqntid[0] || n.block.y != f->reqntid[1] || n.block.z != f->reqntid[2]))
    return cudaErrorInvalidValue;
  size_t limit = k->max_dyn_shared >= 0 ? (size_t)k->max_dyn_shared
                                        : 49152 - std::min<size_t>(49152, k->prog->static_shared);
  if (n.smem > std::max(limit, 49152 - std::min<size_t>(49152, k->prog->static_shared)) ||
      k->prog->static_shared + n.smem > d.smem_optin)
    return cudaErrorInvalidValue;
  if (n.cluster.count() > 1) {
    if (n.grid.x % n.cluster.x || n.grid.y % n.cluster.y || n.grid.z % n.cluster.z)
      return cudaErrorInvalidConfiguration;
    if (n.cluster.count() > (k->nonportable_cluster ? 16u : 8u)) return cudaErrorInvalidClusterSize;
  }
  if (n.coop && n.grid.count() > (u64)blocks_per_sm(k, (int)t, n.smem) * d.sms)
    return cudaErrorCooperativeLaunchTooLarge;
  return cudaSuccess;
}

static cudaError_t run_kernel(Node& n) {
  Kernel* k = n.kernel;
  Launch l;
  static u64 ids = 0;
  l.prog = k->prog.get();
  l.name = k->name;
  l.grid = n.grid;
  l.block = n.block;
  l.cluster = n.cluster;
  if (k->decl()->cluster[0] && l.cluster.count() == 1)
    l.cluster = {k->decl()->cluster[0], k->decl()->cluster[1], k->decl()->cluster[2]};
  l.dyn_shared = (u32)n.smem;
  l.shared_total = l.prog->dyn_shared + (u32)n.smem;
  if (!n.smem) l.shared_total = l.prog->static_shared;
  l.cooperative = n.coop;
  l.total = n.grid.count();
  l.grid_id = ++ids;
  l.check = checks();
  l.max_resident = (u32)std::max(1, blocks_per_sm(k, (int)n.block.count(), n.smem)) * device().sms;
  size_t parameter_bytes = std::max<size_t>(16, l.prog->param_bytes);
  l.params = (u8*)aligned_alloc(128, (parameter_bytes + 127) / 128 * 128);
  memcpy(l.params, n.params.data(), n.params.size());
  memtable().add(
      {(u64)l.params, (u64)l.params + parameter_bytes, MemKind::Params, "kernel parameters"});
  u32* workspace = nullptr;
  if (n.coop) {
    workspace = (u32*)mem_alloc(256, MemKind::Internal, "grid workspace");
    memset(workspace, 0, 256);
    workspace[0] = 256;
    l.grid_ws = (u64)workspace;
  }
  cudaError_t e = cudaSuccess;
  try {
    run_launch(l);
  } catch (const Fault& f) {
    log_line(f.what());
    e = (cudaError_t)f.code;
  }
  memtable().remove((u64)l.params);
  free(l.params);
  if (workspace) mem_free(workspace);
  if (e) set_pending(e);
  return cudaSuccess;  // the error shows later, as on a GPU
}

cudaError_t Node::run() {
  if (op) return run_host_op(op);
  switch (type) {
    case cudaGraphNodeTypeKernel:
      return run_kernel(*this);
    case cudaGraphNodeTypeMemcpy: {
      if (!width || !height || !depth) return cudaSuccess;
      for (size_t z = 0; z < depth; z++)
        for (size_t y = 0; y < height; y++)
          memmove((u8*)dst + z * dslice + y * dpitch, (const u8*)src + z * sslice + y * spitch,
                  width);
      return cudaSuccess;
    }
    case cudaGraphNodeTypeMemset: {
      for (size_t y = 0; y < std::max<size_t>(1, set.height); y++) {
        u8* p = (u8*)set.dst + y * set.pitch;
        if (set.elementSize == 1)
          memset(p, (int)set.value, set.width);
        else
          for (size_t i = 0; i < set.width; i++)
            memcpy(p + i * set.elementSize, &set.value, set.elementSize);
      }
      return cudaSuccess;
    }
    case cudaGraphNodeTypeHost:
      host.fn(host.userData);
      return cudaSuccess;
    case cudaGraphNodeTypeEventRecord:
      if (event) {
        event->when = now_ns();
        event->recorded = true;
      }
      return cudaSuccess;
    case cudaGraphNodeTypeGraph:
      for (Node* n : child->order())
        if (n->enabled)
          if (cudaError_t e = n->run()) return e;
      return cudaSuccess;
    default:
      return cudaSuccess;
  }
}

cudaError_t submit(cudaStream_t s, Node& n) {
  Stream* st = stream_of(s);
  if (!st) return cudaErrorInvalidResourceHandle;
  if (st->capture == cudaStreamCaptureStatusActive) {
    Node* a = st->graph->add(n, st->tail);
    st->tail = {a};
    return cudaSuccess;
  }
  if (st->capture == cudaStreamCaptureStatusInvalidated) return cudaErrorStreamCaptureInvalidated;
  return n.run();
}

cudaError_t launch(Kernel* k, dim3 g, dim3 b, void** args, size_t smem, cudaStream_t s, bool coop,
                   Dim3 cluster) {
  Node n;
  n.type = cudaGraphNodeTypeKernel;
  n.kernel = k;
  n.grid = {g.x, g.y, g.z};
  n.block = {b.x, b.y, b.z};
  n.cluster = cluster;
  n.smem = smem;
  n.coop = coop;
  if (k && k->decl()->cluster[0] && cluster.count() == 1)
    n.cluster = {k->decl()->cluster[0], k->decl()->cluster[1],
                 k->decl()->cluster[2]};  // __cluster_dims__
  if (cudaError_t e = check_launch(n)) return e;
  n.params.resize(std::max<size_t>(1, k->prog->param_bytes));
  auto& ps = k->decl()->params;
  for (size_t i = 0; i < ps.size(); i++) memcpy(&n.params[ps[i].offset], args[i], ps[i].size);
  return submit(s, n);
}
static Dim3 no_cluster(Kernel* k) {
  (void)k;
  return {1, 1, 1};
}
}  // namespace vgpu
using namespace vgpu;

VGPU_API unsigned __cudaPushCallConfiguration(dim3 g, dim3 b, size_t smem, cudaStream_t s) {
  pushed_configurations.push_back({g, b, smem, s});
  return 0;
}
VGPU_API cudaError_t __cudaPopCallConfiguration(dim3* g, dim3* b, size_t* smem, void* s) {
  if (pushed_configurations.empty()) return done(cudaErrorMissingConfiguration);
  auto& [gg, bb, ss, st] = pushed_configurations.back();
  *g = gg;
  *b = bb;
  *smem = ss;
  *(cudaStream_t*)s = st;
  pushed_configurations.pop_back();
  return cudaSuccess;
}
static cudaError_t do_launch(const void* f, dim3 g, dim3 b, void** args, size_t smem,
                             cudaStream_t s, bool coop) {
  API_LOCK;
  if (cudaError_t e = pending()) return done(e);
  Kernel* k = kernel_of(f);
  if (!k) return done(cudaErrorInvalidDeviceFunction);
  return done(launch(k, g, b, args, smem, s, coop, no_cluster(k)));
}
VGPU_API cudaError_t __cudaLaunchKernel(cudaKernel_t k, dim3 g, dim3 b, void** args, size_t smem,
                                        cudaStream_t s) {
  return do_launch(k, g, b, args, smem, s, false);
}
VGPU_API cudaError_t cudaLaunchKernel(const void* f, dim3 g, dim3 b, void** args, size_t smem,
                                      cudaStream_t s) {
  return do_launch(f, g, b, args, smem, s, false);
}
VGPU_API cudaError_t cudaLaunchCooperativeKernel(const void* f, dim3 g, dim3 b, void** args,
                                                 size_t smem, cudaStream_t s) {
  return do_launch(f, g, b, args, smem, s, true);
}
VGPU_API cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* c, const void* f, void** args) {
  API_LOCK;
  if (cudaError_t e = pending()) return done(e);
  Kernel* k = kernel_of(f);
  if (!k) return done(cudaErrorInvalidDeviceFunction);
  bool coop = false;
  Dim3 cl;
  for (unsigned i = 0; i < c->numAttrs; i++) {
    auto& a = c->attrs[i];
    switch (a.id) {
      case cudaLaunchAttributeCooperative:
        coop = a.val.cooperative;
        break;
      case cudaLaunchAttributeClusterDimension:
        cl = {a.val.clusterDim.x, a.val.clusterDim.y, a.val.clusterDim.z};
        break;
      default:
        break;  // scheduling hints
    }
  }
  return done(launch(k, c->gridDim, c->blockDim, args, c->dynamicSmemBytes, c->stream, coop, cl));
}
VGPU_API cudaError_t cudaLaunchHostFunc(cudaStream_t s, cudaHostFn_t fn, void* data) {
  API_ENTER;
  Node n;
  n.type = cudaGraphNodeTypeHost;
  n.host = {fn, data};
  return done(submit(s, n));
}

VGPU_API cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* a, const void* f) {
  API_ENTER;
  Kernel* k = kernel_of(f);
  if (!k) return done(cudaErrorInvalidDeviceFunction);
  if (!k->build()) return done(cudaErrorInvalidPtx);
  memset(a, 0, sizeof *a);
  auto* d = k->decl();
  u32 mt = d->maxntid[0]   ? d->maxntid[0] * d->maxntid[1] * d->maxntid[2]
           : d->reqntid[0] ? d->reqntid[0] * d->reqntid[1] * d->reqntid[2]
                           : 1024;
  a->sharedSizeBytes = k->prog->static_shared;
  a->localSizeBytes = k->prog->codes[0]->local_bytes;
  a->maxThreadsPerBlock = (int)std::min(mt, 1024u);
  u32 regs = std::clamp<u32>(k->prog->codes[0]->nregs32 + 8, 16, 255);
  a->numRegs = (int)std::min(regs, 65536 / std::max(32u, (mt + 31) / 32 * 32));
  a->ptxVersion = k->mod->ptx->target;
  a->binaryVersion = device_cc();
  a->maxDynamicSharedSizeBytes =
      k->max_dyn_shared >= 0 ? k->max_dyn_shared
                             : (int)(49152 - std::min<size_t>(49152, k->prog->static_shared));
  a->preferredShmemCarveout = k->carveout;
  a->clusterDimMustBeSet = 0;
  a->requiredClusterWidth = (int)d->cluster[0];
  a->requiredClusterHeight = (int)d->cluster[1];
  a->requiredClusterDepth = (int)d->cluster[2];
  for (auto& v : k->mod->vars)
    if (v.second.constant) a->constSizeBytes += v.second.size;
  return cudaSuccess;
}
static cudaError_t set_attr(Kernel* k, cudaFuncAttribute a, int v) {
  if (!k) return cudaErrorInvalidDeviceFunction;
  if (!k->build()) return cudaErrorInvalidPtx;
  switch (a) {
    case cudaFuncAttributeMaxDynamicSharedMemorySize:
      if (v < 0 || k->prog->static_shared + (size_t)v > device().smem_optin)
        return cudaErrorInvalidValue;
      k->max_dyn_shared = v;
      return cudaSuccess;
    case cudaFuncAttributePreferredSharedMemoryCarveout:
      k->carveout = v;
      return cudaSuccess;
    case cudaFuncAttributeNonPortableClusterSizeAllowed:
      k->nonportable_cluster = v;
      return cudaSuccess;
    default:
      return cudaSuccess;
  }
}
VGPU_API cudaError_t cudaFuncSetAttribute(const void* f, cudaFuncAttribute a, int v) {
  API_ENTER;
  return done(set_attr(kernel_of(f), a, v));
}
VGPU_API cudaError_t cudaKernelSetAttributeForDevice(cudaKernel_t k, cudaFuncAttribute a, int v,
                                                     int) {
  API_ENTER;
  return done(set_attr(kernel_of(k), a, v));
}
VGPU_API cudaError_t cudaFuncSetCacheConfig(const void*, cudaFuncCache) { return cudaSuccess; }
VGPU_API cudaError_t cudaFuncSetSharedMemConfig(const void*, cudaSharedMemConfig) {
  return cudaSuccess;
}
VGPU_API cudaError_t cudaFuncGetName(const char** n, const void* f) {
  API_ENTER;
  Kernel* k = kernel_of(f);
  if (!k) return done(cudaErrorInvalidDeviceFunction);
  *n = k->name.c_str();
  return cudaSuccess;
}
VGPU_API cudaError_t cudaFuncGetParamInfo(const void* f, size_t i, size_t* off, size_t* size) {
  API_ENTER;
  Kernel* k = kernel_of(f);
  if (!k) return done(cudaErrorInvalidDeviceFunction);
  auto& ps = k->decl()->params;
  if (i >= ps.size()) return done(cudaErrorInvalidValue);
  *off = ps[i].offset;
  if (size) *size = ps[i].size;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* n, const void* f,
                                                                            int threads, size_t dyn,
                                                                            unsigned) {
  API_ENTER;
  Kernel* k = kernel_of(f);
  if (!k) return done(cudaErrorInvalidDeviceFunction);
  *n = blocks_per_sm(k, threads, dyn);
  return cudaSuccess;
}
VGPU_API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* n, const void* f,
                                                                   int threads, size_t dyn) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(n, f, threads, dyn, 0);
}
VGPU_API cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t* n, const void* f, int blocks,
                                                               int) {
  API_ENTER;
  Kernel* k = kernel_of(f);
  if (!k || blocks < 1) return done(cudaErrorInvalidValue);
  if (!k->build()) return done(cudaErrorInvalidPtx);
  size_t per = device().smem_sm / blocks;
  size_t used = k->prog->static_shared + 1024;
  *n = per > used ? std::min(per - used, device().smem_optin - k->prog->static_shared) : 0;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaOccupancyMaxPotentialClusterSize(int* n, const void*,
                                                          const cudaLaunchConfig_t*) {
  *n = device_cc() >= 90 ? 8 : 1;
  return cudaSuccess;
}
VGPU_API cudaError_t cudaOccupancyMaxActiveClusters(int* n, const void* f,
                                                    const cudaLaunchConfig_t* c) {
  API_ENTER;
  Kernel* k = kernel_of(f);
  if (!k) return done(cudaErrorInvalidDeviceFunction);
  unsigned cl = 1;
  for (unsigned i = 0; i < c->numAttrs; i++)
    if (c->attrs[i].id == cudaLaunchAttributeClusterDimension)
      cl = c->attrs[i].val.clusterDim.x * c->attrs[i].val.clusterDim.y *
           c->attrs[i].val.clusterDim.z;
  *n = blocks_per_sm(k, (int)(c->blockDim.x * c->blockDim.y * c->blockDim.z), c->dynamicSmemBytes) *
       device().sms / (int)std::max(1u, cl);
  return cudaSuccess;
}

// What graphs and executable graphs share.
#pragma once
#include "tests/vgpu/src/runtime/internal.h"

#define N(x) (*(Node*)(x))
namespace vgpu {
inline cudaError_t set_kernel(Node& n, const cudaKernelNodeParams* p) {
  Kernel* k = kernel_of(p->func);
  if (!k) return cudaErrorInvalidDeviceFunction;
  if (p->extra) return cudaErrorNotSupported;
  n.op = nullptr;
  n.kernel = k;
  n.grid = {p->gridDim.x, p->gridDim.y, p->gridDim.z};
  n.block = {p->blockDim.x, p->blockDim.y, p->blockDim.z};
  n.smem = p->sharedMemBytes;
  if (cudaError_t e = check_launch(n)) return e;
  n.params.assign(std::max<size_t>(1, k->prog->param_bytes), 0);
  auto& ps = k->decl()->params;
  for (size_t i = 0; i < ps.size(); i++)
    memcpy(&n.params[ps[i].offset], p->kernelParams[i], ps[i].size);
  return cudaSuccess;
}
inline void set_copy1d(Node& n, void* d, const void* s, size_t c, cudaMemcpyKind k) {
  n.dst = d;
  n.src = s;
  n.width = c;
  n.dpitch = n.spitch = c;
  n.height = n.depth = 1;
  n.kind = k;
}
inline void set_copy3d(Node& n, const cudaMemcpy3DParms* p) {
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
}
}  // namespace vgpu

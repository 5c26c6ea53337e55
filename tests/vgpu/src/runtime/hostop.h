// Work that another library of vgpu (cuBLAS) does on the host in the order of a stream.
#pragma once
extern "C" {
// Runs fn(ctx) now, or records it in the graph that the stream is capturing (a kernel node,
// replayed with the graph). fn returns 0 or the cudaError_t of a device fault. drop(ctx) is called
// when the work can no longer run. Counted in VGPU_REPORT under `name`; flops of tensor-core types
// also as tensor_flops.
int __cudaVgpuHostOp(void* stream, const char* name, unsigned long long flops, int tensor,
                     int (*fn)(void*), void* ctx, void (*drop)(void*));
// 1 if [p, p+n) is memory that the device can access (or VGPU_CHECK=0); otherwise says what is
// wrong, with the name of the operation and of its operand.
int __cudaVgpuReachable(const void* p, unsigned long long n, const char* who, const char* operand);
}

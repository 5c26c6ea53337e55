// Instructions that CUDA C++ has no function for: thin wrappers with the PTX name. All inline PTX
// of ebb is here. The text of each is NVIDIA's "PTX ISA", chapter "Instruction Set".
#pragma once

#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <type_traits>

#include "kernels/common/dtype.h"

namespace ebb::cuda::ptx {

/// The address of shared memory in its own window.
__device__ inline unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

/// Four 8 x 8 matrices of 16-bit elements from shared memory. Lane 8 m + r names row r of matrix m,
/// 16 bytes aligned to 16; lane 4 r + c gets elements 2 c and 2 c + 1 of row r of each.
__device__ inline void ldmatrix_x4(unsigned (&matrices)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
               : "r"(shared_address(row))
               : "memory");
}

/// The same of the transposed matrices: lane 4 r + c gets elements 2 c and 2 c + 1 of column r.
__device__ inline void ldmatrix_x4_trans(unsigned (&matrices)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
               : "r"(shared_address(row))
               : "memory");
}

/// d += a * b for a of 16 x 16 and b of 16 x 8 elements of T (BFloat16 or Float16), d in f32. Needs
/// compute capability 8.0.
template <class T>
__device__ inline void mma_m16n8k16(float (&d)[4], const unsigned (&a)[4], unsigned b0,
                                    unsigned b1) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  if constexpr (std::is_same_v<T, BFloat16>) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  } else {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
#else
  __trap();
#endif
}

/// `value` in TF32: 10 bits of its mantissa, rounded to nearest, ties away from zero. Needs compute
/// capability 8.0.
__device__ inline unsigned cvt_rna_tf32(float value) {
  unsigned rounded = 0;
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(value));
#else
  __trap();
#endif
  return rounded;
}

/// d += a * b for a of 16 x 8 and b of 8 x 8 elements in TF32, d in f32. Needs compute capability
/// 8.0.
__device__ inline void mma_m16n8k8_tf32(float (&d)[4], const unsigned (&a)[4], unsigned b0,
                                        unsigned b1) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
  __trap();
#endif
}

/// Copies 16 bytes from global to shared memory, both aligned to 16, of which the first `bytes` are
/// read and the others zeros. Needs compute capability 8.0.
__device__ inline void cp_async_16(void* to, const void* from, int bytes) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(shared_address(to)), "l"(from), "r"(bytes)
               : "memory");
#else
  __trap();
#endif
}

/// The same of all 16 bytes. Before compute capability 8.0 they are copied at once.
__device__ inline void cp_async_16(void* to, const void* from) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  cp_async_16(to, from, 16);
#else
  *static_cast<uint4*>(to) = *static_cast<const uint4*>(from);
#endif
}

/// Makes a group of the thread's copies since the last one.
__device__ inline void cp_async_commit_group() {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" : : : "memory");
#endif
}

/// Waits until at most `kPending` of the thread's youngest groups are under way.
template <int kPending>
__device__ inline void cp_async_wait_group() {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" : : "n"(kPending) : "memory");
#endif
}

/// 16 bytes, or 8, to global memory, aligned to as many. The compiler takes an ordinary store apart
/// where another branch stores the same elements one by one.
__device__ inline void store_global(void* to, uint4 words) {
  asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)),
               "r"(words.x), "r"(words.y), "r"(words.z), "r"(words.w)
               : "memory");
}
__device__ inline void store_global(void* to, uint2 words) {
  asm volatile("st.global.v2.b32 [%0], {%1, %2};" ::"l"(__cvta_generic_to_global(to)), "r"(words.x),
               "r"(words.y)
               : "memory");
}

/// 16 bytes to shared memory, aligned to as many. The compiler takes some ordinary stores apart,
/// which then meet in banks.
__device__ inline void store_shared(void* to, float4 words) {
  asm volatile("st.shared.v4.f32 [%0], {%1, %2, %3, %4};" ::"r"(shared_address(to)), "f"(words.x),
               "f"(words.y), "f"(words.z), "f"(words.w)
               : "memory");
}

__device__ inline void store_shared(void* to, uint4 words) {
  asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(shared_address(to)), "r"(words.x),
               "r"(words.y), "r"(words.z), "r"(words.w)
               : "memory");
}

/// Makes the words such that the compiler knows nothing of them: in a loop they are kept, not
/// computed anew.
template <int kCount>
__device__ inline void make_opaque(std::uint32_t (&words)[kCount]) {
#pragma unroll
  for (std::uint32_t& word : words) asm volatile("" : "+r"(word));
}

}  // namespace ebb::cuda::ptx

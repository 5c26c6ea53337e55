// NVIDIA's cuBLASLt, loaded when it is first needed: ebb links against nothing of it and needs no
// header of its, since the smallest toolkits lack both. The few types, values and functions that
// ebb uses are declared here; tests/kernels/common/cublaslt_test.cpp compares them with cublasLt.h
// where that is installed. Source: NVIDIA, "cuBLAS", chapter "Using the cuBLASLt API".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "kernels/common/device.h"

namespace ebb::cuda::lt {

using Status = int;  // 0: success
using Handle = struct HandleOpaque*;
using MatmulDesc = struct MatmulDescOpaque*;
using MatrixLayout = struct MatrixLayoutOpaque*;
using Preference = struct PreferenceOpaque*;

inline constexpr int kComputeF32 = 68;           // CUBLAS_COMPUTE_32F
inline constexpr int kOperationN = 0;            // CUBLAS_OP_N
inline constexpr int kOperationT = 1;            // CUBLAS_OP_T
inline constexpr int kRealF32 = 0;               // CUDA_R_32F
inline constexpr int kRealF16 = 2;               // CUDA_R_16F
inline constexpr int kRealBf16 = 14;             // CUDA_R_16BF
inline constexpr int kDescTransA = 3;            // CUBLASLT_MATMUL_DESC_TRANSA
inline constexpr int kDescTransB = 4;            // CUBLASLT_MATMUL_DESC_TRANSB
inline constexpr int kDescEpilogue = 7;          // CUBLASLT_MATMUL_DESC_EPILOGUE
inline constexpr int kDescBiasPointer = 8;       // CUBLASLT_MATMUL_DESC_BIAS_POINTER
inline constexpr int kDescBiasType = 26;         // CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE
inline constexpr int kLayoutBatchCount = 5;      // CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT
inline constexpr int kLayoutBatchStride = 6;     // CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET
inline constexpr int kPreferenceWorkspace = 1;   // CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES
inline constexpr int kPreferenceReductions = 3;  // CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK
inline constexpr int kPreferenceAlignmentA =
    5;  // CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES; B, C, D
inline constexpr std::uint32_t kReduceComputeType = 2;  // CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE
inline constexpr std::uint32_t kEpilogueBias = 4;       // CUBLASLT_EPILOGUE_BIAS
inline constexpr std::uint32_t kEpilogueBGradB = 512;   // CUBLASLT_EPILOGUE_BGRADB

struct Algorithm {
  std::uint64_t data[8];
};

struct HeuristicResult {
  Algorithm algorithm;
  std::size_t workspace_bytes;
  Status state;
  float waves;
  int reserved[4];
};

/// The functions, by the library's names.
struct Functions {
  Status (*cublasLtCreate)(Handle*) = nullptr;
  Status (*cublasLtDestroy)(Handle) = nullptr;
  const char* (*cublasLtGetStatusName)(Status) = nullptr;
  Status (*cublasLtMatmulDescCreate)(MatmulDesc*, int compute, int scale_type) = nullptr;
  Status (*cublasLtMatmulDescDestroy)(MatmulDesc) = nullptr;
  Status (*cublasLtMatmulDescSetAttribute)(MatmulDesc, int, const void*, std::size_t) = nullptr;
  Status (*cublasLtMatrixLayoutCreate)(MatrixLayout*, int type, std::uint64_t rows,
                                       std::uint64_t columns, std::int64_t leading) = nullptr;
  Status (*cublasLtMatrixLayoutDestroy)(MatrixLayout) = nullptr;
  Status (*cublasLtMatrixLayoutSetAttribute)(MatrixLayout, int, const void*, std::size_t) = nullptr;
  Status (*cublasLtMatmulPreferenceCreate)(Preference*) = nullptr;
  Status (*cublasLtMatmulPreferenceDestroy)(Preference) = nullptr;
  Status (*cublasLtMatmulPreferenceSetAttribute)(Preference, int, const void*,
                                                 std::size_t) = nullptr;
  Status (*cublasLtMatmulAlgoGetHeuristic)(Handle, MatmulDesc, MatrixLayout a, MatrixLayout b,
                                           MatrixLayout c, MatrixLayout d, Preference, int wanted,
                                           HeuristicResult*, int* found) = nullptr;
  Status (*cublasLtMatmul)(Handle, MatmulDesc, const void* alpha, const void* a, MatrixLayout,
                           const void* b, MatrixLayout, const void* beta, const void* c,
                           MatrixLayout, void* d, MatrixLayout, const Algorithm*, void* workspace,
                           std::size_t workspace_bytes, CudaStream) = nullptr;
};

/// Empty when the library could be loaded and started, else the reason: its name, where it was
/// looked for or why it did not start, and what to do. Tries when first called.
const std::string& unavailable();

/// Throws UnsupportedError where unavailable() gives a reason.
const Functions& functions();

}  // namespace ebb::cuda::lt

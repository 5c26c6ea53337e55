// How cuBLASLt is found and chosen; its numbers and types, compared with NVIDIA's header.
#include "kernels/common/cuda/cublaslt.h"

#if __has_include(<cublasLt.h>)
#include <cublasLt.h>
#endif
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "kernels/common/cuda/product_library.h"
#include "kernels/common/cuda/shared_library.h"
#include "kernels/matrix_product/matrix_product.h"
#include "tests/kernels/support/expect_error.h"
#include "tests/kernels/support/product_libraries.h"
#include "tests/support/environment_variable.h"

namespace ebb::cuda {
namespace {

#if __has_include(<cublasLt.h>)
static_assert(CUBLAS_VER_MAJOR == 13, "libcublasLt.so.13 is what is loaded");
static_assert(CUBLAS_STATUS_SUCCESS == 0);
static_assert(CUBLAS_COMPUTE_32F == lt::kComputeF32);
static_assert(CUBLAS_OP_N == lt::kOperationN);
static_assert(CUBLAS_OP_T == lt::kOperationT);
static_assert(CUDA_R_32F == lt::kRealF32);
static_assert(CUDA_R_16F == lt::kRealF16);
static_assert(CUDA_R_16BF == lt::kRealBf16);
static_assert(CUBLASLT_MATMUL_DESC_TRANSA == lt::kDescTransA);
static_assert(CUBLASLT_MATMUL_DESC_TRANSB == lt::kDescTransB);
static_assert(CUBLASLT_MATMUL_DESC_EPILOGUE == lt::kDescEpilogue);
static_assert(CUBLASLT_MATMUL_DESC_BIAS_POINTER == lt::kDescBiasPointer);
static_assert(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE == lt::kDescBiasType);
static_assert(CUBLASLT_EPILOGUE_BIAS == lt::kEpilogueBias);
static_assert(CUBLASLT_EPILOGUE_BGRADB == lt::kEpilogueBGradB);
static_assert(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT == lt::kLayoutBatchCount);
static_assert(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET == lt::kLayoutBatchStride);
static_assert(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES == lt::kPreferenceWorkspace);
static_assert(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK == lt::kPreferenceReductions);
static_assert(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES == lt::kPreferenceAlignmentA);
static_assert(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES == lt::kPreferenceAlignmentA + 1);
static_assert(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES == lt::kPreferenceAlignmentA + 2);
static_assert(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES == lt::kPreferenceAlignmentA + 3);
static_assert(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE == lt::kReduceComputeType);
static_assert(sizeof(cublasLtMatmulAlgo_t) == sizeof(lt::Algorithm));
static_assert(sizeof(cublasLtMatmulHeuristicResult_t) == sizeof(lt::HeuristicResult));
static_assert(offsetof(cublasLtMatmulHeuristicResult_t, algo) ==
              offsetof(lt::HeuristicResult, algorithm));
static_assert(offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize) ==
              offsetof(lt::HeuristicResult, workspace_bytes));
static_assert(offsetof(cublasLtMatmulHeuristicResult_t, state) ==
              offsetof(lt::HeuristicResult, state));
static_assert(offsetof(cublasLtMatmulHeuristicResult_t, wavesCount) ==
              offsetof(lt::HeuristicResult, waves));
#endif

#if EBB_WITH_CUDA

TEST(CublasLtTest, IsThere) {
  if (!ebb::testing::test_device().is_cuda()) GTEST_SKIP() << "only CUDA devices multiply by it";
  if (lt::unavailable().empty()) return;
  EXPECT_FALSE(is_virtual(ebb::testing::test_device())) << lt::unavailable();
  GTEST_SKIP() << "products are tested by our own kernels alone: " << lt::unavailable();
}

TEST(CublasLtTest, SaysWhatIsMissingWhereItWasLookedForAndWhatToDo) {
  const std::string& reason = lt::unavailable();
  if (reason.empty()) {
    EXPECT_NE(lt::functions().cublasLtMatmul, nullptr);
    return;
  }
  EXPECT_NE(reason.find("libcublasLt.so.13"), std::string::npos) << reason;
  if (reason.starts_with("there is no")) {
    EXPECT_NE(reason.find(searched_folders()), std::string::npos) << reason;
  }
  EXPECT_NE(reason.find("EBB_GEMM=own"), std::string::npos) << reason;
  EXPECT_THROW(lt::functions(), UnsupportedError);
}

// In a process of its own, since a library is loaded once.
TEST(CublasLtDeathTest, WhatLoadsButCannotStartIsNotTaken) {
  if (!std::filesystem::exists(EBB_BROKEN_LIBRARIES)) {
    GTEST_SKIP() << "the library stays where it was built";
  }
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const ebb::testing::EnvironmentVariable folders("LD_LIBRARY_PATH", [](std::string_view before) {
    return fmt::format("{}:{}", EBB_BROKEN_LIBRARIES, before);
  });
  const auto choose = [] {
    unsetenv("EBB_GEMM");
    const bool is_own = product_library() == ProductLibrary::own;
    fmt::print(stderr, "{}", lt::unavailable());
    std::exit(is_own ? 0 : 1);
  };
  EXPECT_EXIT(choose(), ::testing::ExitedWithCode(0),
              "libcublasLt.so.13 cannot start: .*BROKEN.*set EBB_GEMM=own");
}

TEST(CublasLtTest, IsChosenByTheEnvironment) {
  using ebb::testing::ChosenProductLibrary;
  {
    const ChosenProductLibrary own("own");
    EXPECT_EQ(product_library(), ProductLibrary::own);
    EXPECT_EQ(product_library_unavailable(), "");
  }
  {
    const ChosenProductLibrary other("cublaslt");
    EXPECT_EQ(product_library(), ProductLibrary::cublaslt);
    EXPECT_EQ(product_library_unavailable(), lt::unavailable());
  }
  const ChosenProductLibrary wrong("mkl");
  ebb::testing::expect_error("EBB_GEMM is mkl, expected own or cublaslt",
                             [] { product_library(); });
}

#endif

}  // namespace
}  // namespace ebb::cuda

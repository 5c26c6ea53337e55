// Runs a test body with each library that multiplies matrices on CUDA.
#pragma once

#include <cstdlib>
#include <string>

#include "kernels/common/cuda/cublaslt.h"
#include "kernels/common/stopwatch.h"
#include "tests/kernels/support/backends.h"

namespace ebb::testing {

/// Sets EBB_GEMM while it lives.
class ChosenProductLibrary {
 public:
  explicit ChosenProductLibrary(const char* name) {
    const char* value = std::getenv(kVariable);
    if (value != nullptr) before_ = value;
    setenv(kVariable, name, 1);
  }
  ChosenProductLibrary(const ChosenProductLibrary&) = delete;
  ChosenProductLibrary& operator=(const ChosenProductLibrary&) = delete;
  ~ChosenProductLibrary() {
    if (before_.empty()) {
      unsetenv(kVariable);
    } else {
      setenv(kVariable, before_.c_str(), 1);
    }
  }

 private:
  static constexpr const char* kVariable = "EBB_GEMM";
  std::string before_;
};

/// On the CPU body() once; on a CUDA device by our own kernels and by cuBLASLt. The virtual GPU has
/// one; on a GPU without it CublasLtTest.IsThere says so.
template <class Body>
void for_each_product_library(Body&& body) {
  if constexpr (kBuiltWithCuda) {
    if (test_device().is_cuda()) {
      for (const char* name : {"own", "cublaslt"}) {
        if (name[0] == 'c' && !cuda::lt::unavailable().empty()) {
          EXPECT_FALSE(is_virtual(test_device())) << cuda::lt::unavailable();
          continue;
        }
        SCOPED_TRACE(name);
        const ChosenProductLibrary chosen(name);
        body();
      }
      return;
    }
  }
  body();
}

/// for_each_storage_backend by each library.
template <class Body>
void for_each_product_backend(Body&& body) {
  for_each_product_library([&] { for_each_storage_backend(body); });
}

}  // namespace ebb::testing

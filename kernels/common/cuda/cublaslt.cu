// Opens libcublasLt, finds the functions that ebb calls in it, and tries whether it starts.
#include <dlfcn.h>

#include "kernels/common/cuda/cublaslt.h"
#include "kernels/common/cuda/shared_library.h"

namespace ebb::cuda::lt {
namespace {

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

/// The name of a function that the library lacks; empty where all are there.
std::string find_all(void* library, Functions& f) {
  std::string missing;
  const auto take = [&](const char* name, auto& function) {
    if (missing.empty() && !find(library, name, function)) missing = name;
  };
  take("cublasLtCreate", f.cublasLtCreate);
  take("cublasLtDestroy", f.cublasLtDestroy);
  take("cublasLtGetStatusName", f.cublasLtGetStatusName);
  take("cublasLtMatmulDescCreate", f.cublasLtMatmulDescCreate);
  take("cublasLtMatmulDescDestroy", f.cublasLtMatmulDescDestroy);
  take("cublasLtMatmulDescSetAttribute", f.cublasLtMatmulDescSetAttribute);
  take("cublasLtMatrixLayoutCreate", f.cublasLtMatrixLayoutCreate);
  take("cublasLtMatrixLayoutDestroy", f.cublasLtMatrixLayoutDestroy);
  take("cublasLtMatrixLayoutSetAttribute", f.cublasLtMatrixLayoutSetAttribute);
  take("cublasLtMatmulPreferenceCreate", f.cublasLtMatmulPreferenceCreate);
  take("cublasLtMatmulPreferenceDestroy", f.cublasLtMatmulPreferenceDestroy);
  take("cublasLtMatmulPreferenceSetAttribute", f.cublasLtMatmulPreferenceSetAttribute);
  take("cublasLtMatmulAlgoGetHeuristic", f.cublasLtMatmulAlgoGetHeuristic);
  take("cublasLtMatmul", f.cublasLtMatmul);
  return missing;
}

struct Library {
  Functions functions;
  std::string reason;
};

/// Why it cannot start (it may be made for other drivers or GPUs); empty where it can.
std::string why_not_started(const Functions& f, const std::string& path) {
  Handle handle = nullptr;
  const Status status = f.cublasLtCreate(&handle);
  if (status == 0) {
    f.cublasLtDestroy(handle);
    return {};
  }
  return fmt::format("{} cannot start: {} (code {}); set EBB_GEMM=own", path,
                     f.cublasLtGetStatusName(status), status);
}

Library load() {
  const SharedLibrary opened = open_library("libcublasLt.so.13");
  Library library;
  if (opened.handle == nullptr) {
    library.reason = opened.why_not +
                     "; install it (PyPI's nvidia-cublas has it), name its folder in "
                     "LD_LIBRARY_PATH, or set EBB_GEMM=own";
    return library;
  }
  const std::string missing = find_all(opened.handle, library.functions);
  if (!missing.empty()) {
    library.reason = fmt::format("{} has no function {}; set EBB_GEMM=own", opened.path, missing);
    return library;
  }
  library.reason = why_not_started(library.functions, opened.path);
  return library;
}

const Library& loaded() {
  static const Library library = load();
  return library;
}

}  // namespace

const std::string& unavailable() { return loaded().reason; }

const Functions& functions() {
  if (!unavailable().empty()) fail<UnsupportedError>("cuBLASLt: {}", unavailable());
  return loaded().functions;
}

}  // namespace ebb::cuda::lt

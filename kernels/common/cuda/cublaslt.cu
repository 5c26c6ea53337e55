#include <cstdlib>
#include <dlfcn.h>
#include <string_view>
#include <vector>

#include "kernels/common/cuda/cublaslt.h"

namespace ebb::cuda::lt {
namespace {

constexpr const char* kLibrary = "libcublasLt.so.13";

// LD_LIBRARY_PATH first, as the system would: it is how a user overrides all else. Then toolkits:
// those that the environment names (a toolkit from PyPI is a folder nvidia/cu13), and the one that
// ebb was built with.
std::vector<std::string> folders() {
  std::vector<std::string> found;
  const auto value_of = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  std::string_view paths = value_of("LD_LIBRARY_PATH");
  while (!paths.empty()) {
    const std::size_t end = std::min(paths.find(':'), paths.size());
    if (end > 0) found.emplace_back(paths.substr(0, end));
    paths.remove_prefix(std::min(end + 1, paths.size()));
  }
  for (const char* name : {"CUDA_HOME", "CUDA_PATH"}) {
    const std::string root(value_of(name));
    if (root.empty()) continue;
    for (const char* folder : {"/lib64", "/lib"}) found.push_back(root + folder);
  }
  found.emplace_back(EBB_CUDA_LIBRARY_FOLDER);
  return found;
}

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

Library load() {
  std::vector<std::string> paths;
  for (const std::string& folder : folders()) paths.push_back(folder + "/" + kLibrary);
  paths.emplace_back(kLibrary);  // wherever the system looks
  Library library;
  for (const std::string& path : paths) {
    // Never closed: its functions may be used until the process ends.
    void* opened = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) continue;
    const std::string missing = find_all(opened, library.functions);
    if (!missing.empty()) library.reason = fmt::format("{} has no function {}", path, missing);
    return library;
  }
  const char* message = dlerror();
  library.reason = fmt::format(
      "there is no {} in {} nor where the system looks ({}); install it (PyPI's nvidia-cublas has "
      "it), name its folder in LD_LIBRARY_PATH, or set EBB_GEMM=own",
      kLibrary, searched_folders(), message == nullptr ? "no reason given" : message);
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

std::string searched_folders() {
  std::string text;
  for (const std::string& folder : folders()) text += (text.empty() ? "" : ", ") + folder;
  return text;
}

}  // namespace ebb::cuda::lt

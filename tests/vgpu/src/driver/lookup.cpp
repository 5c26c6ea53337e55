// libcuda.so.1: finds a driver function by its name in the virtual GPU's libcudart. The functions
// themselves are generated from symbols.txt.
#include <cstdio>
#include <cuda_runtime_api.h>

extern "C" __attribute__((visibility("hidden"))) void* vgpu_driver_lookup(const char* name,
                                                                          void** keep) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result;
  cudaGetDriverEntryPointByVersion(name, &function, 13000, 0, &result);
  if (!function) {
    std::fprintf(stderr,
                 "vgpu: the program called %s, which vgpu does not implement; returning "
                 "CUDA_ERROR_NOT_SUPPORTED\n",
                 name);
    return nullptr;
  }
  *keep = function;
  return function;
}

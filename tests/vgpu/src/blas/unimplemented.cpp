// Where the generated stubs of functions that the virtual GPU does not have end up.
#include <cstdio>

extern "C" __attribute__((visibility("hidden"))) int vgpu_blas_unimplemented(const char* name) {
  std::fflush(stdout);
  std::fprintf(stderr, "vgpu: %s is not implemented: CUBLAS_STATUS_NOT_SUPPORTED\n", name);
  return 15;
}

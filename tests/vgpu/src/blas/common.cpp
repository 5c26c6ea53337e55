// Handles, statuses, data types: shared by both libraries (lives in libcublasLt).
#include "tests/vgpu/src/blas/blas.h"
namespace vgblas {
bool device_alive() { return cudaFree(nullptr) == cudaSuccess; }
int compute_capability() {
  static const int cc = [] {
    int a = 9, b = 0;
    cudaDeviceGetAttribute(&a, cudaDevAttrComputeCapabilityMajor, 0);
    cudaDeviceGetAttribute(&b, cudaDevAttrComputeCapabilityMinor, 0);
    return a * 10 + b;
  }();
  return cc;
}
const char* status_name(Status s) {
  switch (s) {
#define NAME_OF(status) \
  case status:          \
    return #status
    NAME_OF(CUBLAS_STATUS_SUCCESS);
    NAME_OF(CUBLAS_STATUS_NOT_INITIALIZED);
    NAME_OF(CUBLAS_STATUS_ALLOC_FAILED);
    NAME_OF(CUBLAS_STATUS_INVALID_VALUE);
    NAME_OF(CUBLAS_STATUS_ARCH_MISMATCH);
    NAME_OF(CUBLAS_STATUS_MAPPING_ERROR);
    NAME_OF(CUBLAS_STATUS_EXECUTION_FAILED);
    NAME_OF(CUBLAS_STATUS_INTERNAL_ERROR);
    NAME_OF(CUBLAS_STATUS_NOT_SUPPORTED);
    NAME_OF(CUBLAS_STATUS_LICENSE_ERROR);
#undef NAME_OF
  }
  return "unrecognized status";
}
const char* status_text(Status s) {
  switch (s) {
    case CUBLAS_STATUS_SUCCESS:
      return "success";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "the library was not initialized";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "the resource allocation failed";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "an unsupported value or parameter was passed to the function";
    case CUBLAS_STATUS_ARCH_MISMATCH:
      return "the function requires an architectural feature absent from the device";
    case CUBLAS_STATUS_MAPPING_ERROR:
      return "an access to GPU memory space failed";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "the function failed to launch on the GPU";
    case CUBLAS_STATUS_INTERNAL_ERROR:
      return "an internal operation failed";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "the requested functionality is not supported";
    case CUBLAS_STATUS_LICENSE_ERROR:
      return "the license check failed";
  }
  return "unrecognized status";
}
T type_of(cudaDataType_t t) {
  switch (t) {
    case CUDA_R_32F:
      return T::F32;
    case CUDA_R_64F:
      return T::F64;
    case CUDA_R_16F:
      return T::F16;
    case CUDA_R_16BF:
      return T::BF16;
    case CUDA_R_8F_E4M3:
      return T::E4M3;
    case CUDA_R_8F_E5M2:
      return T::E5M2;
    case CUDA_R_8I:
      return T::I8;
    case CUDA_R_32I:
      return T::I32;
    default:
      return T::None;
  }
}
}  // namespace vgblas

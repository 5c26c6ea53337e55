// Products by cuBLASLt: descriptors and the algorithm of every kind of product are found once and
// kept, so that a warm step makes one call for each product.
#include <cstdlib>
#include <vector>

#include "kernels/common/cuda/check.h"
#include "kernels/common/cuda/cublaslt.h"
#include "kernels/common/cuda/product_library.h"
#include "kernels/common/cuda/runtime.h"

namespace ebb::cuda {
namespace {

// What NVIDIA recommends for Hopper; elsewhere a quarter.
constexpr std::size_t kHopperWorkspace = std::size_t{32} << 20;

void check_lt(lt::Status status, std::string_view doing) {
  if (status == 0) return;
  fail<CudaError>("cuBLASLt: {} failed: {} (code {})", doing,
                  lt::functions().cublasLtGetStatusName(status), status);
}

/// A descriptor that is given back with its holder.
template <class Descriptor>
class Owned {
 public:
  Owned() = default;
  Owned(Descriptor descriptor, lt::Status (*destroy)(Descriptor))
      : descriptor_(descriptor), destroy_(destroy) {}
  Owned(Owned&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, nullptr)), destroy_(other.destroy_) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(destroy_, other.destroy_);
    return *this;
  }
  ~Owned() {
    if (descriptor_ != nullptr) destroy_(descriptor_);
  }
  Descriptor get() const { return descriptor_; }

 private:
  Descriptor descriptor_ = nullptr;
  lt::Status (*destroy_)(Descriptor) = nullptr;
};

Owned<lt::MatrixLayout> layout(int type, std::int64_t rows, std::int64_t columns,
                               std::int64_t leading, std::int64_t batch, std::int64_t stride) {
  const lt::Functions& f = lt::functions();
  lt::MatrixLayout made = nullptr;
  check_lt(f.cublasLtMatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(rows),
                                        static_cast<std::uint64_t>(columns), leading),
           "describing a matrix");
  Owned<lt::MatrixLayout> owned(made, f.cublasLtMatrixLayoutDestroy);
  const auto count = static_cast<std::int32_t>(batch);
  check_lt(f.cublasLtMatrixLayoutSetAttribute(made, lt::kLayoutBatchCount, &count, sizeof(count)),
           "describing a batch");
  check_lt(
      f.cublasLtMatrixLayoutSetAttribute(made, lt::kLayoutBatchStride, &stride, sizeof(stride)),
      "describing a batch");
  return owned;
}

template <class Value>
void set_attribute(lt::MatmulDesc operation, int name, const Value& value) {
  check_lt(lt::functions().cublasLtMatmulDescSetAttribute(operation, name, &value, sizeof(value)),
           "describing a product");
}

Owned<lt::MatmulDesc> operation(const LibraryProduct& p, const void* vector) {
  const lt::Functions& f = lt::functions();
  lt::MatmulDesc made = nullptr;
  check_lt(f.cublasLtMatmulDescCreate(&made, lt::kComputeF32, lt::kRealF32),
           "describing a product");
  Owned<lt::MatmulDesc> owned(made, f.cublasLtMatmulDescDestroy);
  const std::int32_t a = p.transposed_a ? lt::kOperationT : lt::kOperationN;
  const std::int32_t b = p.transposed_b ? lt::kOperationT : lt::kOperationN;
  set_attribute(made, lt::kDescTransA, a);
  set_attribute(made, lt::kDescTransB, b);
  if (p.epilogue != LibraryEpilogue::none) {
    set_attribute(made, lt::kDescEpilogue,
                  p.epilogue == LibraryEpilogue::bias ? lt::kEpilogueBias : lt::kEpilogueBGradB);
    set_attribute(made, lt::kDescBiasType, static_cast<std::int32_t>(p.output_type));
    set_attribute(made, lt::kDescBiasPointer, vector);
  }
  return owned;
}

Owned<lt::Preference> preference(const LibraryProduct& p, std::size_t workspace_bytes) {
  const lt::Functions& f = lt::functions();
  lt::Preference made = nullptr;
  check_lt(f.cublasLtMatmulPreferenceCreate(&made), "describing a preference");
  Owned<lt::Preference> owned(made, f.cublasLtMatmulPreferenceDestroy);
  const auto set = [&](int name, const auto& value) {
    check_lt(f.cublasLtMatmulPreferenceSetAttribute(made, name, &value, sizeof(value)),
             "describing a preference");
  };
  set(lt::kPreferenceWorkspace, static_cast<std::uint64_t>(workspace_bytes));
  // Parts of k may be added in f32, and not in the type of the output.
  set(lt::kPreferenceReductions, lt::kReduceComputeType);
  set(lt::kPreferenceAlignmentA, p.alignment_a);
  set(lt::kPreferenceAlignmentA + 1, p.alignment_b);
  set(lt::kPreferenceAlignmentA + 2, p.alignment_d);
  set(lt::kPreferenceAlignmentA + 3, p.alignment_d);
  return owned;
}

}  // namespace

ProductLibrary product_library() {
  const char* value = std::getenv("EBB_GEMM");
  const std::string_view name = value == nullptr ? "" : value;
  if (name == "own") return ProductLibrary::own;
  if (name == "cublaslt") return ProductLibrary::cublaslt;
  if (!name.empty()) fail("EBB_GEMM is {}, expected own or cublaslt", shortened(name));
  return lt::unavailable().empty() ? ProductLibrary::cublaslt : ProductLibrary::own;
}

std::string product_library_unavailable() {
  return product_library() == ProductLibrary::cublaslt ? lt::unavailable() : std::string();
}

struct PreparedProducts::Entry {
  LibraryProduct product;
  Owned<lt::MatmulDesc> operation;
  Owned<lt::MatrixLayout> a, b, d;
  lt::Algorithm algorithm{};
  bool taken = false;
};

struct PreparedProducts::State {
  explicit State(Device device)
      : memory(device),
        bytes(compute_capability(device) == 90 ? kHopperWorkspace : kHopperWorkspace / 4) {}

  lt::Handle handle = nullptr;
  Workspace memory;
  std::size_t bytes;
  std::vector<Entry> entries;
};

PreparedProducts::PreparedProducts(Device device) : state_(std::make_unique<State>(device)) {
  check(cudaSetDevice(device.index), "choosing the device");
  check_lt(lt::functions().cublasLtCreate(&state_->handle), "starting (EBB_GEMM=own does without)");
}

PreparedProducts::~PreparedProducts() {
  state_->entries.clear();
  if (state_->handle != nullptr) lt::functions().cublasLtDestroy(state_->handle);
}

PreparedProducts::Entry& PreparedProducts::entry(const LibraryProduct& p, const void* vector) {
  for (Entry& known : state_->entries) {
    if (known.product == p) return known;
  }
  Entry made{.product = p, .operation = operation(p, vector)};
  made.a = layout(p.type, p.transposed_a ? p.k : p.m, p.transposed_a ? p.m : p.k, p.leading_a,
                  p.batch, p.stride_a);
  made.b = layout(p.type, p.transposed_b ? p.n : p.k, p.transposed_b ? p.k : p.n, p.leading_b,
                  p.batch, p.stride_b);
  made.d = layout(p.output_type, p.m, p.n, p.leading_d, p.batch, p.stride_d);
  const Owned<lt::Preference> wanted = preference(p, state_->bytes);
  lt::HeuristicResult found{};
  int count = 0;
  const lt::Status status = lt::functions().cublasLtMatmulAlgoGetHeuristic(
      state_->handle, made.operation.get(), made.a.get(), made.b.get(), made.d.get(), made.d.get(),
      wanted.get(), 1, &found, &count);
  made.taken = status == 0 && count == 1 && found.state == 0;
  made.algorithm = found.algorithm;
  return state_->entries.emplace_back(std::move(made));
}

bool PreparedProducts::takes(const LibraryProduct& product, const void* vector) {
  return entry(product, vector).taken;
}

void PreparedProducts::multiply(CudaStream stream, const LibraryProduct& product, const void* a,
                                const void* b, void* d, bool accumulate, const void* vector) {
  const Entry& prepared = entry(product, vector);
  if (product.epilogue != LibraryEpilogue::none) {
    set_attribute(prepared.operation.get(), lt::kDescBiasPointer, vector);
  }
  const float alpha = 1.0F;
  const float beta = accumulate ? 1.0F : 0.0F;
  check_lt(lt::functions().cublasLtMatmul(
               state_->handle, prepared.operation.get(), &alpha, a, prepared.a.get(), b,
               prepared.b.get(), &beta, d, prepared.d.get(), d, prepared.d.get(),
               &prepared.algorithm, state_->memory.acquire(state_->bytes), state_->bytes, stream),
           "multiplying matrices");
  finish(cudaSuccess, stream, "multiplying matrices");
}

}  // namespace ebb::cuda

namespace ebb {

cuda::PreparedProducts& Context::prepared_products() {
  if (prepared_products_ == nullptr) {
    prepared_products_ = std::make_shared<cuda::PreparedProducts>(device_);
  }
  return *prepared_products_;
}

}  // namespace ebb

// CUDA graphs: work that was given to a stream once, to be run again by one call. Defined in builds
// with CUDA only.
//
// A graph keeps the addresses and the numbers that its kernels were started with; what lies at the
// addresses is read anew by every run. Source: NVIDIA, "CUDA programming guide", chapter "CUDA
// graphs".
#pragma once

#include <utility>

#include "kernels/common/device.h"

// The type behind cudaGraphExec_t.
struct CUgraphExec_st;

namespace ebb::cuda {

class Graph {
 public:
  Graph() = default;
  explicit Graph(CUgraphExec_st* executable) : executable_(executable) {}
  Graph(Graph&& other) noexcept : executable_(std::exchange(other.executable_, nullptr)) {}
  Graph& operator=(Graph&& other) noexcept {
    std::swap(executable_, other.executable_);
    return *this;
  }
  ~Graph() {
    if constexpr (kBuiltWithCuda) {
      if (executable_ != nullptr) destroy(executable_);
    }
  }

  bool recorded() const { return executable_ != nullptr; }
  /// Gives all of it to `stream`.
  void launch(CudaStream stream) const;

 private:
  static void destroy(CUgraphExec_st* executable) noexcept;

  CUgraphExec_st* executable_ = nullptr;
};

/// Whether the calling thread is recording: what it gives to a stream is not run.
bool is_recording();

void begin_recording(CudaStream stream);
Graph end_recording(CudaStream stream);
/// Forgets what was recorded.
void abandon_recording(CudaStream stream) noexcept;

/// What body() gives to `stream`, which runs none of it. The calling thread must not wait for the
/// device meanwhile, nor ask it for memory.
template <class Body>
Graph record_graph(CudaStream stream, Body&& body) {
  begin_recording(stream);
  try {
    body();
  } catch (...) {
    abandon_recording(stream);
    throw;
  }
  return end_recording(stream);
}

}  // namespace ebb::cuda

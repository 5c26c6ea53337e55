// Training steps as CUDA graphs: what a step gives to the device is recorded once and then started
// as a whole, which spares the host some hundred calls. Defined in builds with CUDA only.
//
// A graph has fixed addresses, so what a step makes on its way lies in a pool of its own, which no
// other tensor is given; what changes from step to step (StepScalars, the batch) is copied to the
// addresses that the graph knows. Kernels, operands and order are those of the step without a
// graph, and so are the bits.
#pragma once

#include <functional>
#include <vector>

#include "engine/tensor/staging_buffer.h"
#include "kernels/common/cuda/graph.h"
#include "kernels/common/step_scalars.h"

namespace ebb {

/// What steps must have in common to be one graph.
struct StepShape {
  const void* inputs = nullptr;  // where the batch lies
  std::int64_t rows = 0;
  std::int64_t rows_per_shard = 0;

  bool operator==(const StepShape&) const = default;
};

class StepGraphs {
 public:
  /// Throws UnsupportedError on the CPU.
  explicit StepGraphs(Device device);

  /// Calls body(scalars on the device), or does again what it did. A step of a new shape is only
  /// called, so that what it needs is there; the next is recorded too. `scratch` is scratch memory
  /// that the body uses: once it has moved, the shape counts as new. `figures` is a tensor that the
  /// body writes and the caller reads; it is set to the one of this graph.
  void run(const StepShape& shape, const StepScalars& scalars,
           const std::function<std::vector<const void*>()>& scratch, Tensor& figures,
           const std::function<void(const StepScalars*)>& body);

 private:
  struct Entry {
    StepShape shape;
    std::vector<const void*> scratch;
    Tensor figures;
    cuda::Graph graph;
  };

  const StepScalars* upload(const StepScalars& scalars);

  Device device_;
  CachingAllocator pool_;
  StagingBuffer scalars_;
  std::vector<Entry> entries_;
};

}  // namespace ebb

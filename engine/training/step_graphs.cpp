#include "engine/training/step_graphs.h"

#include <algorithm>
#include <cstring>

namespace ebb {

StepGraphs::StepGraphs(Device device)
    : device_(device), pool_(device, CachingAllocator::Cache::kept), scalars_(device) {
  if (!device.is_cuda()) {
    fail<UnsupportedError>("CUDA graphs: they run on a CUDA device, not on {}", to_string(device));
  }
}

const StepScalars* StepGraphs::upload(const StepScalars& scalars) {
  std::memcpy(scalars_.host(sizeof(StepScalars)), &scalars, sizeof(StepScalars));
  scalars_.upload();
  const Tensor bytes = scalars_.tensor({static_cast<std::int64_t>(sizeof(StepScalars))}, DType::u8);
  return static_cast<const StepScalars*>(bytes.view().data);
}

void StepGraphs::run(const StepShape& shape, const StepScalars& scalars,
                     const std::function<std::vector<const void*>()>& scratch, Tensor& figures,
                     const std::function<void(const StepScalars*)>& body) {
  if constexpr (kBuiltWithCuda) {
    const StepScalars* on_device = upload(scalars);
    const AllocationScope own_memory(pool_);
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& entry) { return entry.shape == shape; });
    if (found == entries_.end() || found->scratch != scratch()) {
      body(on_device);
      if (found != entries_.end()) entries_.erase(found);
      entries_.push_back({shape, scratch(), figures, {}});
      return;
    }
    const CudaStream stream = cuda::compute_stream(device_);
    figures = found->figures;
    if (!found->graph.recorded()) {
      found->graph = cuda::record_graph(stream, [&] { body(on_device); });
    }
    found->graph.launch(stream);
  }
}

}  // namespace ebb

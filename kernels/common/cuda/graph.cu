// Recording and running CUDA graphs through the runtime.
#include "kernels/common/cuda/check.h"
#include "kernels/common/cuda/graph.h"

namespace ebb::cuda {
namespace {

thread_local bool recording = false;

}  // namespace

void Graph::destroy(CUgraphExec_st* executable) noexcept { cudaGraphExecDestroy(executable); }

void Graph::launch(CudaStream stream) const {
  finish(cudaGraphLaunch(executable_, stream), stream, "launching a CUDA graph");
}

bool is_recording() { return recording; }

// ThreadLocal: what must not be done meanwhile is an error, and other threads are free.
void begin_recording(CudaStream stream) {
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
        "beginning to record a CUDA graph");
  recording = true;
}

Graph end_recording(CudaStream stream) {
  recording = false;
  cudaGraph_t graph = nullptr;
  check(cudaStreamEndCapture(stream, &graph), "recording a CUDA graph");
  cudaGraphExec_t executable = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
  cudaGraphDestroy(graph);
  check(status, "preparing a CUDA graph");
  return Graph(executable);
}

void abandon_recording(CudaStream stream) noexcept {
  recording = false;
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(stream, &graph);
  if (graph != nullptr) cudaGraphDestroy(graph);
  cudaGetLastError();  // not sticky: later calls shall not report it
}

}  // namespace ebb::cuda

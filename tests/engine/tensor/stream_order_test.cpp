// What waits for what on a device's two streams. The virtual GPU does everything when it is asked,
// so that a wait that is missing changes no result there: the test captures the work as a graph
// instead and looks at its edges, which are the same on a GPU.
#include <cstdlib>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "engine/tensor/staging_buffer.h"
#include "kernels/dropout/dropout.h"
#include "tests/support/test_device.h"

#if EBB_WITH_CUDA

#include <cuda_runtime_api.h>

namespace ebb {
namespace {

using ebb::testing::test_device;

bool waits_after_every_launch() {
  const char* value = std::getenv("EBB_CUDA_SYNC");
  return value != nullptr && std::string_view(value) == "1";
}

/// The nodes of a captured graph in the order in which they were asked for.
class CapturedWork {
 public:
  template <class Body>
  CapturedWork(cudaStream_t stream, Body&& body) {
    EXPECT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), cudaSuccess);
    body();
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph_), cudaSuccess) << "a stream has not joined";
    std::size_t count = 0;
    EXPECT_EQ(cudaGraphGetNodes(graph_, nullptr, &count), cudaSuccess);
    nodes_.resize(count);
    EXPECT_EQ(cudaGraphGetNodes(graph_, nodes_.data(), &count), cudaSuccess);
  }
  ~CapturedWork() { cudaGraphDestroy(graph_); }

  std::vector<cudaGraphNodeType> types() const {
    std::vector<cudaGraphNodeType> types;
    for (const cudaGraphNode_t node : nodes_) {
      EXPECT_EQ(cudaGraphNodeGetType(node, &types.emplace_back()), cudaSuccess);
    }
    return types;
  }

  /// Whether node `later` waits for node `earlier` itself.
  bool waits(std::size_t later, std::size_t earlier) const {
    std::size_t count = 0;
    EXPECT_EQ(cudaGraphNodeGetDependencies(nodes_[later], nullptr, nullptr, &count), cudaSuccess);
    std::vector<cudaGraphNode_t> found(count);
    std::vector<cudaGraphEdgeData> edges(count);
    EXPECT_EQ(cudaGraphNodeGetDependencies(nodes_[later], found.data(), edges.data(), &count),
              cudaSuccess);
    for (const cudaGraphNode_t node : found) {
      if (node == nodes_[earlier]) return true;
    }
    return false;
  }

 private:
  cudaGraph_t graph_ = nullptr;
  std::vector<cudaGraphNode_t> nodes_;
};

TEST(StreamOrderTest, AnUploadWaitsForKernelsBeforeItAndKernelsAfterItWaitForIt) {
  if (!test_device().is_cuda()) GTEST_SKIP() << "streams are CUDA's";
  if (waits_after_every_launch()) GTEST_SKIP() << "what is waited for cannot be captured";
  constexpr std::int64_t kCount = 256;
  constexpr std::size_t kBytes = kCount * sizeof(float);
  Context context(test_device(), 1);
  StagingBuffer buffer(test_device());
  Tensor output = Tensor::empty({kCount}, DType::f32, test_device());
  const auto run_kernel = [&] {
    const Tensor input = buffer.tensor({kCount}, DType::f32);
    kernels::dropout(context, {.input = input.view(), .dropout = {}, .output = output.view()});
  };
  // Memory is allocated and kernels are loaded before the capture.
  buffer.host(kBytes);
  buffer.upload();
  run_kernel();
  context.synchronize();

  const CapturedWork work(cuda::compute_stream(test_device()), [&] {
    kernels::dropout(context, {.input = output.view(), .dropout = {}, .output = output.view()});
    buffer.upload();
    run_kernel();
  });
  ASSERT_EQ(work.types(), (std::vector{cudaGraphNodeTypeKernel, cudaGraphNodeTypeMemcpy,
                                       cudaGraphNodeTypeKernel}));
  EXPECT_TRUE(work.waits(1, 0)) << "the copy would overwrite what the kernel before reads";
  EXPECT_TRUE(work.waits(2, 1)) << "the kernel would read before the copy is there";
  buffer.upload();  // the buffer's events are of the stream again
}

}  // namespace
}  // namespace ebb

#endif

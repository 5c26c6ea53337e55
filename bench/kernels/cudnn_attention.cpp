#include "bench/kernels/cudnn_attention.h"

#include <cmath>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>

// The frontend finds cuDNN's functions in cudnn_dlhandle.
#define NV_CUDNN_FRONTEND_USE_DYNAMIC_LOADING
#include <cudnn_frontend.h>

#include "kernels/common/cuda/shared_library.h"
#include "kernels/common/stopwatch.h"

void* cudnn_frontend::cudnn_dlhandle = nullptr;

namespace ebb::bench {
namespace {

namespace fe = cudnn_frontend;
using TensorPointer = std::shared_ptr<fe::graph::Tensor_attributes>;
/// Where a graph's tensors lie, by their numbers.
using Places = std::unordered_map<std::int64_t, void*>;

enum Number : std::int64_t {
  kQuery = 1,
  kKey,
  kValue,
  kOutput,
  kLogSumExp,
  kGradOutput,
  kGradQuery,
  kGradKey,
  kGradValue,
};

void check(const fe::error_t& status, std::string_view doing) {
  if (status.is_bad()) fail<UnsupportedError>("cuDNN: {}: {}", doing, status.err_msg);
}

void check(cudnnStatus_t status, std::string_view doing) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  fail<UnsupportedError>("cuDNN: {}: {}", doing, fe::detail::get_error_string(status));
}

/// Opens cuDNN when first called.
void require_cudnn(Device device) {
  if (is_virtual(device)) fail<UnsupportedError>("cuDNN needs a GPU; this is the virtual one");
  static const cuda::SharedLibrary library = cuda::open_library("libcudnn.so.9");
  if (library.handle == nullptr) {
    fail<UnsupportedError>(
        "cuDNN: {}; install it (PyPI's nvidia-cudnn-cu13 has it) or name its folder in "
        "LD_LIBRARY_PATH",
        library.why_not);
  }
  fe::cudnn_dlhandle = library.handle;
}

/// cuDNN's state for the compute stream of one device. Never destroyed: the device may be gone by
/// then.
cudnnHandle_t handle_of(const Context& context) {
  static auto* handles = new std::map<int, cudnnHandle_t>;
  cudnnHandle_t& handle = (*handles)[context.device().index];
  if (handle == nullptr) {
    require_cudnn(context.device());
    check(fe::detail::create_handle(&handle), "starting");
    check(fe::detail::set_stream(handle, context.stream()), "taking the stream");
  }
  return handle;
}

fe::DataType_t type_of(DType dtype) {
  if (dtype == DType::bf16) return fe::DataType_t::BFLOAT16;
  return dtype == DType::f16 ? fe::DataType_t::HALF : fe::DataType_t::FLOAT;
}

/// Four dimensions as cuDNN wants them: those that `view` lacks are ones at its end.
template <class Pointer>
void describe(fe::graph::Tensor_attributes& tensor, Number number, const BasicView<Pointer>& view) {
  std::vector<std::int64_t> extents(4, 1);
  std::vector<std::int64_t> strides(4, 1);
  for (int i = 0; i < view.shape.rank(); ++i) {
    extents[static_cast<std::size_t>(i)] = view.shape[i];
    strides[static_cast<std::size_t>(i)] = view.strides[i];
  }
  tensor.set_uid(number).set_dim(extents).set_stride(strides).set_data_type(type_of(view.dtype));
}

TensorPointer input(fe::graph::Graph& graph, Number number, const ConstView& view) {
  fe::graph::Tensor_attributes tensor;
  describe(tensor, number, view);
  return graph.tensor(tensor);
}

void output(const TensorPointer& tensor, Number number, const View& view) {
  tensor->set_output(true);
  describe(*tensor, number, view);
}

float scale_of(const kernels::AttentionInputs& p) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(p.query.shape[3])));
}

void add_attention(fe::graph::Graph& graph, const kernels::AttentionForward& p) {
  const auto [result, statistics] = graph.sdpa(
      input(graph, kQuery, p.query), input(graph, kKey, p.key), input(graph, kValue, p.value),
      fe::graph::SDPA_attributes().set_generate_stats(true).set_attn_scale(scale_of(p)));
  output(result, kOutput, p.output);
  output(statistics, kLogSumExp, p.log_sum_exp);
}

void add_attention(fe::graph::Graph& graph, const kernels::AttentionBackward& p) {
  const auto [grad_query, grad_key, grad_value] = graph.sdpa_backward(
      input(graph, kQuery, p.query), input(graph, kKey, p.key), input(graph, kValue, p.value),
      input(graph, kOutput, p.output), input(graph, kGradOutput, p.grad_output),
      input(graph, kLogSumExp, p.log_sum_exp),
      fe::graph::SDPA_backward_attributes().set_attn_scale(scale_of(p)));
  output(grad_query, kGradQuery, p.grad_query);
  output(grad_key, kGradKey, p.grad_key);
  output(grad_value, kGradValue, p.grad_value);
}

void* place(const ConstView& view) { return const_cast<void*>(view.data); }

Places places_of(const kernels::AttentionInputs& p) {
  return {{kQuery, place(p.query)}, {kKey, place(p.key)}, {kValue, place(p.value)}};
}

Places places_of(const kernels::AttentionForward& p) {
  Places places = places_of(static_cast<const kernels::AttentionInputs&>(p));
  places.insert({{kOutput, p.output.data}, {kLogSumExp, p.log_sum_exp.data}});
  return places;
}

Places places_of(const kernels::AttentionBackward& p) {
  Places places = places_of(static_cast<const kernels::AttentionInputs&>(p));
  places.insert({{kOutput, place(p.output)},
                 {kLogSumExp, place(p.log_sum_exp)},
                 {kGradOutput, place(p.grad_output)},
                 {kGradQuery, p.grad_query.data},
                 {kGradKey, p.grad_key.data},
                 {kGradValue, p.grad_value.data}});
  return places;
}

/// One direction for one shape, prepared for one device.
class Plan {
 public:
  template <class Operands>
  Plan(const Context& context, const Operands& operands) : handle_(handle_of(context)) {
    graph_.set_io_data_type(type_of(operands.query.dtype))
        .set_intermediate_data_type(fe::DataType_t::FLOAT)
        .set_compute_data_type(fe::DataType_t::FLOAT);
    add_attention(graph_, operands);
    check(graph_.build(handle_, {fe::HeurMode_t::A}), "preparing attention");
    check(graph_.get_workspace_size(workspace_bytes_), "asking for the size of the workspace");
  }

  void run(Context& context, Places& places) {
    void* workspace = context.workspace().acquire(static_cast<std::size_t>(workspace_bytes_));
    check(graph_.execute(handle_, places, workspace), "attention");
  }

 private:
  cudnnHandle_t handle_;
  fe::graph::Graph graph_;
  std::int64_t workspace_bytes_ = 0;
};

/// Plans are kept, since a benchmark asks for the same one again and again.
template <class Operands>
Plan& plan_of(const Context& context, const Operands& p) {
  using Key = std::tuple<int, DType, std::vector<std::int64_t>>;
  static auto* plans = new std::map<Key, Plan>;
  const Shape& shape = p.query.shape;
  const Key key{context.device().index, p.query.dtype, {shape[0], shape[1], shape[2], shape[3]}};
  return plans->try_emplace(key, context, p).first->second;
}

template <class Operands>
std::function<void(Context&)> call_of(const Operands& operands) {
  return [operands, places = places_of(operands)](Context& context) mutable {
    try {
      plan_of(context, operands).run(context, places);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {  // of the frontend: a library lacks a function
      fail<UnsupportedError>("cuDNN: {}", error.what());
    }
  };
}

}  // namespace

std::function<void(Context&)> cudnn_attention(const kernels::AttentionForward& operands) {
  return call_of(operands);
}

std::function<void(Context&)> cudnn_attention(const kernels::AttentionBackward& operands) {
  return call_of(operands);
}

}  // namespace ebb::bench

#include "engine/autograd/tape.h"

#include <atomic>

#include "engine/tensor/transfer.h"
#include "kernels/common/ranges.h"
#include "kernels/copy/copy.h"
#include "kernels/elementwise/elementwise.h"

namespace ebb {
namespace {

// Every recording of every tape has its own number, so that a tensor of a recording that is over,
// or of another tape, is never taken for one of this.
std::uint32_t next_recording() {
  static std::atomic<std::uint32_t> last{0};
  return ++last;
}

void copy(Context& context, const Tensor& from, const Tensor& to, bool accumulate) {
  kernels::copy(context, {.input = from.view(), .output = to.view(), .accumulate = accumulate});
}

Tensor duplicate(Context& context, const Tensor& tensor) {
  Tensor copied = Tensor::empty(tensor.shape(), tensor.dtype(), tensor.device());
  copy(context, tensor, copied, false);
  return copied;
}

}  // namespace

Tape::Tape(Context& context, const ParameterSet* parameters)
    : context_(context), parameters_(parameters), recording_(next_recording()), slots_(1) {
  if (parameters_ == nullptr) return;
  if (parameters_->device() != context_.device()) {
    fail("tape: the parameters are on {}, the context on {}; make both for one device",
         to_string(parameters_->device()), to_string(context_.device()));
  }
  parameter_slots_.resize(parameters_->parameters().size());
  parameter_written_.resize(parameters_->parameters().size());
  gradients_ =
      Tensor::zeros(parameters_->buffer().shape(), parameters_->dtype(), parameters_->device());
}

Tape::~Tape() { forget_nodes(); }

Tensor Tape::parameter(const Parameter& parameter) {
  if (parameters_ == nullptr) return parameter.value;
  GradientSlot& known = parameter_slots_[parameter.index];
  if (!known) {
    if (detector_ != nullptr) detector_->inspect_parameter(parameter);
    known = new_slot();
    slot(known).parameter = static_cast<std::int64_t>(parameter.index);
  }
  return parameter.value.with_slot(known);
}

Tensor Tape::watch(const Tensor& leaf) {
  const Tensor watched = leaf.with_slot(new_slot());
  slot(watched.slot()).watched = true;
  return watched;
}

void Tape::backward(const Tensor& loss, double upstream) {
  if (!loss.defined() || loss.elements() != 1) {
    fail("backward: loss is {}, expected a scalar", to_string(loss.shape()));
  }
  if (!wants(loss)) fail("backward: loss was not recorded on this tape, so it has no gradients");
  touched_.clear();
  const Tensor gradient = Tensor::empty(loss.shape(), loss.dtype(), loss.device());
  kernels::fill(context_, {.value = upstream, .output = gradient.view()});
  add(loss.slot(), gradient);
  while (last_ != nullptr) {
    Node* node = last_;
    last_ = node->previous;
    // Destroyed also when it throws: what it saved must not leak.
    struct Destroy {
      Node* node;
      ~Destroy() { node->destroy(node->closure); }
    } destroy{node};
    const NamedRange range(context_.device(), node->operation);
    node->run(node->closure, *this);
    if (detector_ != nullptr) inspect_gradients(*node);
  }
  arena_.reset();
}

void Tape::clear() {
  forget_nodes();
  slots_.resize(1);
  std::fill(parameter_slots_.begin(), parameter_slots_.end(), GradientSlot{});
  std::fill(parameter_written_.begin(), parameter_written_.end(), char{0});
  recording_ = next_recording();
  if (detector_ != nullptr) detector_->clear();
}

void Tape::detect_anomalies(bool detect) {
  if (detect != (detector_ != nullptr)) {
    detector_ = detect ? std::make_unique<AnomalyDetector>() : nullptr;
  }
}

void Tape::inspect_gradients(const Node& node) {
  for (const GradientSlot name : touched_) {
    const Slot& touched = slot(name);
    if (touched.parameter < 0) {
      detector_->inspect_gradient(node.operation, node.module, touched.gradient, nullptr);
      continue;
    }
    const auto index = static_cast<std::size_t>(touched.parameter);
    detector_->inspect_gradient(node.operation, node.module, parameter_gradient(index),
                                &parameters_->parameters()[index]);
  }
  touched_.clear();
}

void Tape::forget_nodes() {
  for (; last_ != nullptr; last_ = last_->previous) last_->destroy(last_->closure);
  arena_.reset();
}

Tensor Tape::gradient(const Parameter& parameter) {
  if (parameters_ == nullptr || parameter.index >= parameter_slots_.size()) {
    fail("gradient: {} is not a parameter of this tape", parameter.name);
  }
  gradients();
  return parameter_gradient(parameter.index);
}

Tensor Tape::gradient(const Tensor& watched) const {
  if (!wants(watched)) fail("gradient: this tape does not watch the tensor");
  return slots_[watched.slot().index].gradient;
}

const Tensor& Tape::gradients() {
  for (std::size_t i = 0; i < parameter_written_.size(); ++i) {
    if (parameter_written_[i] != 0) continue;
    const Tensor gradient = parameter_gradient(i);
    fill_with_zeros(gradient.view().data, gradient.device(),
                    static_cast<std::size_t>(gradient.elements()) * size_of(gradient.dtype()));
    parameter_written_[i] = 1;
  }
  return gradients_;
}

bool Tape::wants(const Tensor& tensor) const {
  const GradientSlot name = tensor.slot();
  if (!name) return false;
  if (name.recording != recording_) {
    fail("tensor {} was recorded on another tape, or before this one was cleared",
         to_string(tensor.shape()));
  }
  return true;
}

Tensor Tape::take(GradientSlot output) {
  Slot& taken = slot(output);
  if (taken.watched) return taken.gradient;
  return std::exchange(taken.gradient, Tensor());
}

void Tape::add(GradientSlot input, const Tensor& gradient) {
  if (!input) return;
  if (detector_ != nullptr) touched_.push_back(input);
  Slot& receiver = slot(input);
  if (receiver.parameter < 0 && !receiver.gradient.defined()) {
    receiver.gradient = gradient.with_slot({});
    return;
  }
  const Target to = target(input, gradient.shape(), gradient.dtype());
  copy(context_, gradient, to.tensor, to.accumulate);
}

Tape::Target Tape::target(GradientSlot input, const Shape& shape, DType dtype) {
  if (detector_ != nullptr) touched_.push_back(input);
  Slot& receiver = slot(input);
  if (receiver.parameter >= 0) {
    const auto index = static_cast<std::size_t>(receiver.parameter);
    const bool accumulate = std::exchange(parameter_written_[index], char{1}) != 0;
    return {parameter_gradient(index), accumulate};
  }
  if (!receiver.gradient.defined()) {
    receiver.gradient = Tensor::empty(shape, dtype, context_.device());
    return {receiver.gradient, false};
  }
  // Another tensor may see the same memory (both inputs of an addition get one gradient).
  if (!receiver.gradient.owns_storage_alone() || !receiver.gradient.contiguous()) {
    receiver.gradient = duplicate(context_, receiver.gradient);
  }
  return {receiver.gradient, true};
}

GradientSlot Tape::new_slot() {
  slots_.emplace_back();
  return {static_cast<std::uint32_t>(slots_.size() - 1), recording_};
}

Tape::Slot& Tape::slot(GradientSlot name) { return slots_[name.index]; }

Tensor Tape::parameter_gradient(std::size_t index) const {
  const Parameter& parameter = parameters_->parameters()[index];
  return gradients_.slice(0, parameter.offset, parameter.shape.elements()).reshape(parameter.shape);
}

}  // namespace ebb

// Reverse-mode differentiation: a list of closures in the order of execution, walked backwards.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/autograd/anomaly.h"
#include "engine/autograd/arena.h"
#include "engine/autograd/parameters.h"
#include "engine/tensor/tensor.h"
#include "kernels/common/context.h"

namespace ebb {

/// Records one computation and finds its gradients. Tapes are independent: several may record at
/// once on different threads, each with its own context. Gradients belong to the tape; those of
/// parameters lie in one flat buffer of the layout of ParameterSet::buffer().
///
///     Tape tape(context, &parameters);
///     Tensor loss = ...operations on a Pass with this tape...;
///     tape.backward(loss);
///     optimizer.step(context, tape.gradients(), {.learning_rate = 1e-3});
///     tape.clear();
class Tape {
 public:
  /// `parameters` may be null when only watched tensors need gradients: those of parameters are not
  /// computed then.
  explicit Tape(Context& context, const ParameterSet* parameters = nullptr);
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape();

  /// The value of `parameter`, such that its gradient will be found if the tape has parameters.
  Tensor parameter(const Parameter& parameter);
  /// `leaf`, such that its gradient will be found and kept until clear().
  Tensor watch(const Tensor& leaf);

  /// Finds the gradients of `loss` times `upstream`, adding those of parameters to what earlier
  /// backward() calls found (micro-steps), and forgets the recorded operations as it goes. `loss`
  /// is a scalar recorded on this tape. Throws Error otherwise.
  void backward(const Tensor& loss, double upstream = 1.0);

  /// Forgets recorded operations and watched tensors, and starts parameter gradients at zero again.
  /// Memory is kept for the next recording.
  void clear();

  /// The gradient found for a parameter (zeros if the loss does not depend on it) or for a watched
  /// tensor (undefined in that case).
  Tensor gradient(const Parameter& parameter);
  Tensor gradient(const Tensor& watched) const;
  /// All parameter gradients, flat.
  const Tensor& gradients();

  Context& context() { return context_; }

  /// Whether to look at every tensor of the recordings that begin from here, forward and backward,
  /// for NaN and infinities. Off at first; a recording that is looked at takes several times as
  /// long and computes the same. Call it between recordings only.
  void detect_anomalies(bool detect);
  /// The first anomaly since the last clear(), in the order of execution; null if there is none.
  const Anomaly* anomaly() const {
    return detector_ != nullptr && detector_->first() ? &*detector_->first() : nullptr;
  }

  // For operations.

  /// What reads() is told from here on are inputs of the next operation.
  void start_operation() {
    if (detector_ != nullptr) detector_->start_operation();
  }
  /// wants(input), for an input of the next operation.
  bool reads(const Tensor& input) {
    if (detector_ != nullptr && !input.slot()) detector_->add_input(input);
    return wants(input);
  }

  /// Whether a gradient of `tensor` is wanted here. Throws Error when it belongs to another tape or
  /// to a recording that is over.
  bool wants(const Tensor& tensor) const;

  /// `output` as the result of an operation about to be recorded.
  Tensor attach(const Tensor& output) {
    if (detector_ != nullptr) detector_->add_output(output);
    return output.with_slot(new_slot());
  }

  /// Appends an operation: its name, a literal, and `backward(tape)`, which will run once and is
  /// destroyed with what it saved right after.
  template <class Backward>
  void record(const char* operation, Backward&& backward) {
    if (detector_ != nullptr) detector_->finish_forward(operation, module_);
    using Closure = std::decay_t<Backward>;
    void* memory = arena_.allocate(sizeof(Node));
    void* closure = arena_.allocate(sizeof(Closure));
    new (closure) Closure(std::forward<Backward>(backward));
    last_ = new (memory) Node{last_,
                              closure,
                              [](void* c, Tape& tape) { (*static_cast<Closure*>(c))(tape); },
                              [](void* c) { static_cast<Closure*>(c)->~Closure(); },
                              operation,
                              module_};
  }

  /// Memory for `count` values that a closure refers to, valid until the recording is over.
  template <class T>
  std::span<T> allocate(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "nothing destroys these values");
    T* values = static_cast<T*>(arena_.allocate(count * sizeof(T)));
    std::uninitialized_default_construct_n(values, count);
    return {values, count};
  }

  /// The gradient that has reached an output; undefined if none has. Releases the tape's hold on
  /// it.
  Tensor take(GradientSlot output);

  /// Adds a gradient to what has reached `input`; nothing happens for an empty slot. The tensor
  /// must be contiguous, and may be kept: the caller must not write to it afterwards.
  void add(GradientSlot input, const Tensor& gradient);

  /// Where a kernel may write the gradient of `input` itself.
  struct Target {
    Tensor tensor;
    bool accumulate;  // add to the contents instead of overwriting them
  };
  /// For a non-empty slot of an input with this shape and dtype.
  Target target(GradientSlot input, const Shape& shape, DType dtype);

  /// Operations belong to the module `path` from here on; returns whose they were before. The text
  /// must outlive the recording. See ModuleScope in engine/modules/module.h.
  const std::string* enter_module(const std::string* path) { return std::exchange(module_, path); }

 private:
  struct Node {
    Node* previous;
    void* closure;
    void (*run)(void*, Tape&);
    void (*destroy)(void*);
    const char* operation;
    const std::string* module;  // null outside of modules
  };
  struct Slot {
    Tensor gradient;
    std::int64_t parameter = -1;  // index of the parameter, -1 for other tensors
    bool watched = false;
  };

  GradientSlot new_slot();
  Slot& slot(GradientSlot name);
  Tensor parameter_gradient(std::size_t index) const;
  void forget_nodes();
  void inspect_gradients(const Node& node);

  Context& context_;
  const ParameterSet* parameters_;
  Arena arena_;
  Node* last_ = nullptr;
  std::uint32_t recording_;
  std::vector<Slot> slots_;
  std::vector<GradientSlot> parameter_slots_;  // by parameter index
  std::vector<char> parameter_written_;        // by parameter index
  Tensor gradients_;
  const std::string* module_ = nullptr;
  std::unique_ptr<AnomalyDetector> detector_;  // null: nothing is looked at
  std::vector<GradientSlot> touched_;          // by the node at hand, for the detector
};

}  // namespace ebb

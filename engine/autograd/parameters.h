// The parameters of a model: named tensors that lie one after the other in a single buffer, so that
// an optimiser, a gradient reduction or a checkpoint is one pass over memory.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tensor/tensor.h"

namespace ebb {

/// How a parameter starts.
struct Initializer {
  enum class Kind { constant, normal, uniform, sign } kind = Kind::constant;
  /// The constant, the standard deviation, half of the width of a uniform range around 0, or what
  /// has a random sign.
  double value = 0.0;
};

struct Parameter {
  std::string name;  // hierarchical: "encoder.0.attention.query.weight"
  Shape shape;
  Initializer initializer;
  bool weight_decay = true;  // whether an optimiser may decay it
  std::size_t index = 0;     // in the order of declaration
  std::int64_t offset = 0;   // of its first element in the buffer
  Tensor value;              // defined by ParameterSet::initialize
};

/// Declares parameters and random streams, then gives all of them their memory and first values.
/// Modules keep pointers to their parameters, which stay valid as long as the set lives.
class ParameterSet {
 public:
  explicit ParameterSet(DType dtype = DType::f32, Device device = {})
      : dtype_(dtype), device_(device) {}
  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  /// A new parameter. Throws Error on a name that is taken, or after initialize().
  const Parameter& declare(const std::string& name, const Shape& shape, Initializer initializer,
                           bool weight_decay);
  /// Declares a random stream for the module `name`; the number referred to is set once
  /// initialize() has run. Throws Error on a name that is taken.
  const std::uint32_t& declare_stream(const std::string& name);

  /// Lays the buffer out and draws first values: element i of a parameter comes from Philox keyed
  /// by (seed, place of its name in sorted order, i), so it does not depend on the order of
  /// declaration, nor on the device.
  void initialize(std::uint64_t seed);

  const std::deque<Parameter>& parameters() const { return parameters_; }
  /// The parameter `name`. Throws Error that lists near names.
  const Parameter& at(std::string_view name) const;
  /// All parameters as one flat tensor; gaps of up to 15 elements between them are zero.
  const Tensor& buffer() const { return buffer_; }
  /// Number of trained values, gaps left out.
  std::int64_t elements() const;

  DType dtype() const { return dtype_; }
  Device device() const { return device_; }

 private:
  DType dtype_;
  Device device_;
  std::deque<Parameter> parameters_;
  std::map<std::string, std::uint32_t> streams_;
  Tensor buffer_;
};

/// Where in the hierarchy of names a module declares what it needs.
class Scope {
 public:
  explicit Scope(ParameterSet& parameters, std::string prefix = {})
      : parameters_(&parameters), prefix_(std::move(prefix)) {}

  /// The scope "prefix.name".
  Scope child(std::string_view name) const { return Scope(*parameters_, join(name)); }

  const Parameter& parameter(std::string_view name, const Shape& shape, Initializer initializer,
                             bool weight_decay) const {
    return parameters_->declare(join(name), shape, initializer, weight_decay);
  }
  /// "prefix" itself; empty for the outermost scope.
  const std::string& path() const { return prefix_; }
  /// The dtype and the device of the parameters declared here.
  DType dtype() const { return parameters_->dtype(); }
  Device device() const { return parameters_->device(); }
  /// The number of the random stream of this scope, set by ParameterSet::initialize.
  const std::uint32_t& stream() const { return parameters_->declare_stream(prefix_); }

 private:
  std::string join(std::string_view name) const {
    return prefix_.empty() ? std::string(name) : fmt::format("{}.{}", prefix_, name);
  }

  ParameterSet* parameters_;
  std::string prefix_;
};

}  // namespace ebb

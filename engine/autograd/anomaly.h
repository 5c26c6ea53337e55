// Finds where a computation first went wrong: the first tensor in the order of execution that holds
// NaN or an infinity.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/autograd/parameters.h"

namespace ebb {

/// The first element of `tensor` that is NaN or infinite, in row-major order; empty if all are
/// finite, and for an undefined tensor or one of integers. A NaN comes without its sign, which
/// means nothing and differs between processors. Any strides. Waits for the device of
/// `tensor`, and copies it from there.
std::optional<double> first_non_finite(const Tensor& tensor);

/// "head.weight holds inf", of the first parameter in the order of declaration whose part of `flat`
/// (in the layout of ParameterSet::buffer()) is not finite; empty if all are.
std::string non_finite_part(const ParameterSet& parameters, const Tensor& flat);

/// Where a recording first went wrong.
struct Anomaly {
  enum class Place { parameter, input, forward, backward };
  Place place = Place::forward;
  std::string operation;  // "linear"; empty for a parameter
  std::string module;     // "encoder.layers.1.attention"; empty outside of modules
  std::string tensor;     // the parameter, or the parameter whose gradient it is; else a shape
  double value = 0.0;     // NaN or an infinity
};

/// "the backward direction of linear in encoder.layers.1.linear1 made inf: gradient of parameter
/// encoder.layers.1.linear1.weight".
std::string describe(const Anomaly& anomaly);

/// What a tape that looks for anomalies keeps of one recording. Only the first anomaly counts: all
/// that follows is its consequence.
class AnomalyDetector {
 public:
  void inspect_parameter(const Parameter& parameter);
  /// An input of the next operation that the tape knows nothing of: data.
  void add_input(const Tensor& tensor);
  void add_output(const Tensor& tensor);
  /// Names the operation that added inputs and outputs belong to.
  void finish_forward(const char* operation, const std::string* module);
  /// A gradient that the backward direction of an operation has found. `parameter`: whose it is,
  /// null for other tensors.
  void inspect_gradient(const char* operation, const std::string* module, const Tensor& gradient,
                        const Parameter* parameter);
  /// Forgets inputs of an operation that was not recorded.
  void start_operation() { inputs_.clear(); }
  void clear();

  const std::optional<Anomaly>& first() const { return first_; }

 private:
  std::vector<Tensor> inputs_;
  std::vector<Tensor> outputs_;
  std::optional<Anomaly> first_;
};

}  // namespace ebb

#include "engine/autograd/anomaly.h"

#include <cmath>
#include <limits>

namespace ebb {
namespace {

double to_double(double value) { return value; }
double to_double(float value) { return static_cast<double>(value); }
double to_double(BFloat16 value) { return static_cast<double>(to_float(value)); }
double to_double(Float16 value) { return static_cast<double>(to_float(value)); }

template <class T>
std::optional<double> search(const T* data, const Shape& shape, const Shape& strides,
                             int dimension) {
  if (dimension == shape.rank()) {
    const double value = to_double(*data);
    if (std::isfinite(value)) return std::nullopt;
    return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
  }
  for (std::int64_t i = 0; i < shape[dimension]; ++i) {
    const auto found = search(data + i * strides[dimension], shape, strides, dimension + 1);
    if (found) return found;
  }
  return std::nullopt;
}

template <class T>
std::optional<double> search(const View& view) {
  return search(static_cast<const T*>(view.data), view.shape, view.strides, 0);
}

std::string text_of(const std::string* text) { return text != nullptr ? *text : std::string(); }

}  // namespace

std::optional<double> first_non_finite(const Tensor& tensor) {
  if (!tensor.defined()) return std::nullopt;
  if (tensor.device().is_cuda()) return first_non_finite(tensor.to(Device()));
  switch (tensor.dtype()) {
    case DType::f32:
      return search<float>(tensor.view());
    case DType::f64:
      return search<double>(tensor.view());
    case DType::bf16:
      return search<BFloat16>(tensor.view());
    case DType::f16:
      return search<Float16>(tensor.view());
    case DType::i32:
    case DType::i64:
    case DType::u8:
      break;
  }
  return std::nullopt;
}

std::string non_finite_part(const ParameterSet& parameters, const Tensor& flat) {
  for (const Parameter& parameter : parameters.parameters()) {
    const auto found =
        first_non_finite(flat.slice(0, parameter.offset, parameter.shape.elements()));
    if (found) return fmt::format("{} holds {}", parameter.name, *found);
  }
  return {};
}

std::string describe(const Anomaly& anomaly) {
  if (anomaly.place == Anomaly::Place::parameter) {
    return fmt::format("parameter {} holds {}", anomaly.tensor, anomaly.value);
  }
  std::string where = anomaly.operation;
  if (!anomaly.module.empty()) where += " in " + anomaly.module;
  if (anomaly.place == Anomaly::Place::input) {
    return fmt::format("an input of {} holds {}: {}", where, anomaly.value, anomaly.tensor);
  }
  return fmt::format("the {} direction of {} made {}: {}",
                     anomaly.place == Anomaly::Place::forward ? "forward" : "backward", where,
                     anomaly.value, anomaly.tensor);
}

void AnomalyDetector::inspect_parameter(const Parameter& parameter) {
  if (first_) return;
  const auto found = first_non_finite(parameter.value);
  if (found) first_ = {Anomaly::Place::parameter, {}, {}, parameter.name, *found};
}

void AnomalyDetector::add_input(const Tensor& tensor) {
  if (!first_) inputs_.push_back(tensor);
}

void AnomalyDetector::add_output(const Tensor& tensor) {
  if (!first_) outputs_.push_back(tensor);
}

void AnomalyDetector::finish_forward(const char* operation, const std::string* module) {
  const auto blame = [&](Anomaly::Place place, const char* what, const Tensor& tensor,
                         double value) {
    first_ = {place, operation, text_of(module),
              fmt::format("{} {}", what, to_string(tensor.shape())), value};
  };
  for (const Tensor& output : outputs_) {
    if (first_) break;
    const auto made = first_non_finite(output);
    if (!made) continue;
    // Data that were bad already are no fault of the operation.
    for (const Tensor& input : inputs_) {
      const auto given = first_non_finite(input);
      if (given && !first_) blame(Anomaly::Place::input, "data", input, *given);
    }
    if (!first_) blame(Anomaly::Place::forward, "output", output, *made);
  }
  inputs_.clear();
  outputs_.clear();
}

void AnomalyDetector::inspect_gradient(const char* operation, const std::string* module,
                                       const Tensor& gradient, const Parameter* parameter) {
  if (first_) return;
  const auto found = first_non_finite(gradient);
  if (!found) return;
  first_ = {Anomaly::Place::backward, operation, text_of(module),
            parameter != nullptr
                ? fmt::format("gradient of parameter {}", parameter->name)
                : fmt::format("gradient of an input {}", to_string(gradient.shape())),
            *found};
}

void AnomalyDetector::clear() {
  inputs_.clear();
  outputs_.clear();
  first_.reset();
}

}  // namespace ebb

#include "engine/autograd/parameters.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/common/philox.h"

namespace ebb {
namespace {

// Parameters start on 64-byte boundaries in f32.
constexpr std::int64_t kAlignment = 16;

// Streams of first values lie far from those of modules.
constexpr std::uint32_t kInitialStep = 0xffffffffu;

double draw(const Initializer& initializer, const RandomKey& key, std::uint64_t element) {
  if (initializer.kind == Initializer::Kind::constant) return initializer.value;
  const auto words = philox(key, element);
  const double first = (words[0] + 0.5) * 0x1p-32;
  if (initializer.kind == Initializer::Kind::uniform) {
    return initializer.value * (2.0 * first - 1.0);
  }
  if (initializer.kind == Initializer::Kind::sign) {
    return first < 0.5 ? -initializer.value : initializer.value;
  }
  const double angle = 2.0 * std::numbers::pi * words[1] * 0x1p-32;
  return initializer.value * std::sqrt(-2.0 * std::log(first)) * std::cos(angle);
}

// Fills the part of `buffer`, on the CPU, that belongs to `parameter`.
void fill(const Parameter& parameter, const Tensor& buffer, const RandomKey& key) {
  for (std::int64_t i = 0; i < parameter.shape.elements(); ++i) {
    const double value = draw(parameter.initializer, key, static_cast<std::uint64_t>(i));
    if (buffer.dtype() == DType::f64) {
      buffer.data<double>()[parameter.offset + i] = value;
    } else {
      buffer.data<float>()[parameter.offset + i] = static_cast<float>(value);
    }
  }
}

}  // namespace

const Parameter& ParameterSet::declare(const std::string& name, const Shape& shape,
                                       Initializer initializer, bool weight_decay) {
  if (buffer_.defined()) fail("parameter {}: declared after initialize()", name);
  for (const Parameter& other : parameters_) {
    if (other.name == name) fail("parameter {}: two modules share this name", name);
  }
  Parameter parameter;
  parameter.name = name;
  parameter.shape = shape;
  parameter.initializer = initializer;
  parameter.weight_decay = weight_decay;
  parameter.index = parameters_.size();
  parameters_.push_back(std::move(parameter));
  return parameters_.back();
}

const std::uint32_t& ParameterSet::declare_stream(const std::string& name) {
  const auto [stream, added] = streams_.emplace(name, 0);
  if (!added) fail("random stream {}: two modules share this name", name);
  return stream->second;
}

void ParameterSet::initialize(std::uint64_t seed) {
  if (buffer_.defined()) fail("parameters: initialize() was called twice");
  std::int64_t end = 0;
  for (Parameter& parameter : parameters_) {
    parameter.offset = end;
    end += (parameter.shape.elements() + kAlignment - 1) / kAlignment * kAlignment;
  }
  std::vector<const Parameter*> by_name;
  for (const Parameter& parameter : parameters_) by_name.push_back(&parameter);
  std::sort(by_name.begin(), by_name.end(),
            [](const Parameter* a, const Parameter* b) { return a->name < b->name; });
  // Drawn on the host, so that they are the same on every device.
  const Tensor values = Tensor::zeros({end}, dtype_);
  std::uint32_t stream = 0;
  for (const Parameter* parameter : by_name) {
    fill(*parameter, values, {.seed = seed, .step = kInitialStep, .stream = stream++});
  }
  buffer_ = values.to(device_);
  for (Parameter& parameter : parameters_) {
    parameter.value =
        buffer_.slice(0, parameter.offset, parameter.shape.elements()).reshape(parameter.shape);
  }
  stream = 0;
  for (auto& entry : streams_) entry.second = stream++;
}

const Parameter& ParameterSet::at(std::string_view name) const {
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) return parameter;
  }
  std::string known;
  for (const Parameter& parameter : parameters_) {
    known += (known.empty() ? "" : ", ") + parameter.name;
  }
  fail("there is no parameter \"{}\"; this model has {}", name, known);
}

std::int64_t ParameterSet::elements() const {
  std::int64_t total = 0;
  for (const Parameter& parameter : parameters_) total += parameter.shape.elements();
  return total;
}

}  // namespace ebb

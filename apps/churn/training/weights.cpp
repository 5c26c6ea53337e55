#include "apps/churn/training/weights.h"

#include "engine/autograd/anomaly.h"
#include "engine/operations/allocate.h"

namespace ebb::churn {

std::map<std::string, Tensor> named_parts(const ParameterSet& parameters, const Tensor& flat,
                                          const std::string& prefix) {
  std::map<std::string, Tensor> parts;
  for (const Parameter& parameter : parameters.parameters()) {
    parts.emplace(
        prefix + parameter.name,
        flat.slice(0, parameter.offset, parameter.shape.elements()).reshape(parameter.shape));
  }
  return parts;
}

void assign_weights(const ParameterSet& parameters, const std::map<std::string, Tensor>& weights) {
  const auto own = named_parts(parameters, parameters.buffer());
  for (const auto& [name, value] : own) {
    const auto found = weights.find(name);
    if (found == weights.end()) fail<DataError>("weight {} is missing", name);
    require_same_form(name, found->second, value);
    if (const auto bad = first_non_finite(found->second)) {
      fail<DataError>("weight {} holds {}: such a model has no scores", name, *bad);
    }
    copy_values(found->second, value);
  }
  for (const auto& [name, weight] : weights) {
    if (!own.contains(name)) fail<DataError>("weight {} does not belong to this network", name);
  }
}

void require_same_form(const std::string& name, const Tensor& found, const Tensor& expected) {
  if (found.shape() == expected.shape() && found.dtype() == expected.dtype()) return;
  fail<DataError>("tensor {} is {} {}, expected {} {}", name, name_of(found.dtype()),
                  to_string(found.shape()), name_of(expected.dtype()), to_string(expected.shape()));
}

Tensor duplicate(const Tensor& tensor) {
  Tensor copied = empty_like(tensor);
  copy_values(tensor, copied);
  return copied;
}

}  // namespace ebb::churn

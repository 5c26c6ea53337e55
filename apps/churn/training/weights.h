// Moving weights between flat buffers, names and networks.
#pragma once

#include <map>
#include <string>

#include "engine/autograd/parameters.h"

namespace ebb::churn {

/// The parts of `flat`, a tensor of the layout of ParameterSet::buffer(), by "prefix" + name. They
/// share its memory.
std::map<std::string, Tensor> named_parts(const ParameterSet& parameters, const Tensor& flat,
                                          const std::string& prefix = {});

/// Copies weights by name into the values of `parameters`. Throws DataError when one is missing, is
/// too many, or has another shape or dtype.
void assign_weights(const ParameterSet& parameters, const std::map<std::string, Tensor>& weights);

/// Throws DataError, naming the tensor, unless `found` has the shape and dtype of `expected`.
void require_same_form(const std::string& name, const Tensor& found, const Tensor& expected);

/// A contiguous tensor with memory of its own.
Tensor duplicate(const Tensor& tensor);

}  // namespace ebb::churn

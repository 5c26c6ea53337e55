// Tensors by name to and from the entries of a safetensors file.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/io/safetensors.h"
#include "engine/tensor/tensor.h"

namespace ebb::churn {

/// Entries that point into the tensors, which must stay. Throws Error if one has gaps or is not on
/// the CPU.
std::vector<SafetensorsEntry> entries_of(const std::map<std::string, Tensor>& tensors);

/// Copies of the entries.
std::map<std::string, Tensor> tensors_of(std::span<const SafetensorsEntry> entries);

}  // namespace ebb::churn

#include "apps/churn/artefact/named_tensors.h"

#include "kernels/common/error.h"

namespace ebb::churn {

std::vector<SafetensorsEntry> entries_of(const std::map<std::string, Tensor>& tensors) {
  std::vector<SafetensorsEntry> entries;
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.defined() || !tensor.contiguous() || tensor.device() != Device{}) {
      fail("\"{}\" cannot be written: expected a tensor without gaps on the CPU", name);
    }
    const auto bytes = static_cast<std::size_t>(tensor.elements()) * size_of(tensor.dtype());
    entries.push_back({name,
                       tensor.dtype(),
                       tensor.shape(),
                       {static_cast<const std::byte*>(tensor.view().data), bytes}});
  }
  return entries;
}

std::map<std::string, Tensor> tensors_of(std::span<const SafetensorsEntry> entries) {
  std::map<std::string, Tensor> tensors;
  for (const SafetensorsEntry& entry : entries) {
    tensors.emplace(entry.name, Tensor::from_bytes(entry.shape, entry.dtype, entry.data));
  }
  return tensors;
}

}  // namespace ebb::churn

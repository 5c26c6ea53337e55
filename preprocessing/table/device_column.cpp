#include "preprocessing/table/device_column.h"

namespace ebb::preprocessing {
namespace {

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  const std::span<const T> values = tensor.values<T>();
  return {values.begin(), values.end()};
}

}  // namespace

DeviceColumn upload(const Column& column, Device device) {
  const auto values = [&]() -> Tensor {
    if (column.is_number()) return upload_values(std::span<const double>(column.numbers), device);
    if (column.has_integers()) {
      return upload_values(std::span<const std::int64_t>(column.integers), device);
    }
    return upload_values(std::span<const std::int32_t>(column.codes), device);
  };
  return {column.name, column.kind, values(), column.levels};
}

Column download(const DeviceColumn& column) {
  const Tensor values = column.values.to(Device());
  Column result;
  result.name = column.name;
  result.kind = column.kind;
  result.levels = column.levels;
  if (values.dtype() == DType::f64) {
    result.numbers = values_of<double>(values);
  } else if (values.dtype() == DType::i64) {
    result.integers = values_of<std::int64_t>(values);
  } else {
    result.codes = values_of<std::int32_t>(values);
  }
  return result;
}

}  // namespace ebb::preprocessing

#include "bench/kernels/operands.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/common/cuda/runtime.h"
#include "kernels/common/philox.h"

namespace ebb::bench {
namespace {

/// Copies between the host and memory of the context's device, and waits.
void copy_bytes(Context& context, void* to, const void* from, std::size_t bytes) {
  if constexpr (kBuiltWithCuda) {
    if (context.device().is_cuda()) {
      cuda::copy(context.stream(), to, from, bytes);
      return context.synchronize();
    }
  }
  std::memcpy(to, from, bytes);
}

void store(std::byte* to, DType dtype, double value) {
  const auto put = [&](auto number) { std::memcpy(to, &number, sizeof number); };
  switch (dtype) {
    case DType::f32:
      return put(static_cast<float>(value));
    case DType::f64:
      return put(value);
    case DType::bf16:
      return put(to_bfloat16(static_cast<float>(value)));
    case DType::f16:
      return put(to_float16(static_cast<float>(value)));
    case DType::i32:
      return put(static_cast<std::int32_t>(value));
    case DType::i64:
      return put(static_cast<std::int64_t>(value));
    case DType::u8:
      return put(static_cast<std::uint8_t>(value));
  }
}

double load(const std::byte* from, DType dtype) {
  const auto get = [&]<class T>(T number) {
    std::memcpy(&number, from, sizeof number);
    return number;
  };
  switch (dtype) {
    case DType::f32:
      return get(0.0F);
    case DType::f64:
      return get(0.0);
    case DType::bf16:
      return to_float(get(BFloat16{}));
    case DType::f16:
      return to_float(get(Float16{}));
    case DType::i32:
      return get(std::int32_t{});
    case DType::i64:
      return static_cast<double>(get(std::int64_t{}));
    case DType::u8:
      return get(std::uint8_t{});
  }
  return 0.0;
}

/// `value` rounded to what `dtype` can hold.
double rounded(DType dtype, double value) {
  std::byte memory[8];
  store(memory, dtype, value);
  return load(memory, dtype);
}

std::size_t bytes_of_elements(const View& view) {
  return static_cast<std::size_t>(view.elements()) * size_of(view.dtype);
}

/// The larger of two errors; NaN is the largest of all.
double larger(double one, double other) { return std::isnan(one) || one > other ? one : other; }

}  // namespace

Operands::Operands(Context& context, DType dtype, DType grid)
    : context_(context), dtype_(dtype), grid_(grid) {}

Operands::~Operands() {
  for (const Operand& operand : operands_) {
    free_device_memory(context_.device(), operand.view.data);
  }
}

DType Operands::statistic() const { return accumulation_dtype(dtype_); }

View Operands::random(const Shape& shape, double scale, double mean) {
  return random_as(dtype_, shape, scale, mean);
}

View Operands::random_as(DType dtype, const Shape& shape, double scale, double mean) {
  const std::uint64_t seed = seed_++;
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    // Box and Muller, 1958.
    const auto words = philox({.seed = seed, .step = 0, .stream = 0}, i);
    const double radius = std::sqrt(-2.0 * std::log((words[0] + 1.0) / 4294967297.0));
    const double angle = 6.283185307179586 * words[1] / 4294967296.0;
    values[i] = rounded(grid_, mean + scale * radius * std::cos(angle));
  }
  return add(dtype, shape, values, false);
}

View Operands::updated(const Shape& shape, double scale, double mean) {
  const View view = random(shape, scale, mean);
  operands_.back().result = true;
  operands_.back().updated = true;
  return view;
}

View Operands::indices(const Shape& shape, std::int64_t below) {
  const std::uint64_t seed = seed_++;
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto words = philox({.seed = seed, .step = 0, .stream = 0}, i);
    values[i] = static_cast<double>(words[0] % static_cast<std::uint64_t>(below));
  }
  return add(DType::i32, shape, values, false);
}

View Operands::ascending(const Shape& shape) {
  const auto width = static_cast<std::size_t>(shape[-1]);
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto column = static_cast<double>(i % width);
    values[i] = rounded(grid_, 4.0 * column / static_cast<double>(width - 1) - 2.0);
  }
  return add(dtype_, shape, values, false);
}

View Operands::result(const Shape& shape) { return result_as(dtype_, shape); }

View Operands::result_as(DType dtype, const Shape& shape) {
  // NaN, so that what a kernel leaves out shows as an error.
  const std::vector<double> values(static_cast<std::size_t>(shape.elements()),
                                   std::numeric_limits<double>::quiet_NaN());
  return add(dtype, shape, values, true);
}

View Operands::sampled_result(const Shape& shape, std::int64_t every) {
  const View view = result(shape);
  operands_.back().every = every;
  return view;
}

View Operands::add(DType dtype, const Shape& shape, const std::vector<double>& values,
                   bool result) {
  std::vector<std::byte> bytes(values.size() * size_of(dtype));
  for (std::size_t i = 0; i < values.size(); ++i) {
    store(bytes.data() + i * size_of(dtype), dtype, values[i]);
  }
  void* memory = allocate_device_memory(context_.device(), std::max<std::size_t>(bytes.size(), 1));
  if (memory == nullptr) fail("out of memory: an operand of {} bytes", bytes.size());
  copy_bytes(context_, memory, bytes.data(), bytes.size());
  operands_.push_back({View(memory, dtype, shape), result});
  return operands_.back().view;
}

double Operands::bytes() const {
  double sum = 0.0;
  for (const Operand& operand : operands_) {
    sum += (operand.updated ? 2.0 : 1.0) * static_cast<double>(bytes_of_elements(operand.view));
  }
  return sum;
}

double Operands::largest() const {
  std::int64_t most = 0;
  for (const Operand& operand : operands_) most = std::max(most, operand.view.shape.elements());
  return static_cast<double>(most);
}

std::vector<double> Operands::values_of(const Operand& operand) const {
  std::vector<std::byte> bytes(bytes_of_elements(operand.view));
  copy_bytes(context_, bytes.data(), operand.view.data, bytes.size());
  std::vector<double> values(static_cast<std::size_t>(operand.view.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = load(bytes.data() + i * size_of(operand.view.dtype), operand.view.dtype);
  }
  return values;
}

double Operands::error_against(const Operands& oracle) const {
  double largest = 0.0;
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    const Operand& operand = operands_[i];
    if (!operand.result) continue;
    const std::vector<double> got = values_of(operand);
    const std::vector<double> expected = oracle.values_of(oracle.operands_[i]);
    double magnitude = 0.0;
    double difference = 0.0;
    const auto every = static_cast<std::size_t>(operand.every);
    const auto width = static_cast<std::size_t>(every == 1 ? 1 : operand.view.shape[-1]);
    for (std::size_t j = 0; j < got.size(); ++j) {
      if (j / width % every != 0) continue;
      magnitude = std::max(magnitude, std::fabs(expected[j]));
      difference = larger(difference, std::fabs(got[j] - expected[j]));
    }
    largest = larger(largest, magnitude == 0.0 ? difference : difference / magnitude);
  }
  return largest;
}

}  // namespace ebb::bench

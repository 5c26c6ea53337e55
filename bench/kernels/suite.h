// The kernels under measurement: each folder of kernels/ adds its cases.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/kernels/operands.h"
#include "kernels/common/precision.h"

namespace ebb::bench {

/// One operation, direction and shape.
struct KernelCase {
  std::string operation;  // "layer_norm"
  std::string contender;  // whose kernel it is; empty for the one that ebb takes
  std::string direction;  // "forward", "backward"
  std::string shape;      // "4096x64"
  double flops = 0.0;     // of matrix products and attention; 0 where moving memory is the floor
  Precision precision = Precision::f32;  // in which f32 operands are multiplied
  bool large = false;  // for GPUs alone: it takes hours on the virtual one, minutes on a CPU
  /// Why it cannot run there; empty if it can.
  std::function<std::string(Device, DType)> unsupported;
  /// Makes the operands; the call it returns runs the kernel on them.
  std::function<std::function<void(Context&)>(Operands&)> kernel;
  /// Makes the same operands in f64 and fills their results by the reference.
  std::function<void(Operands&)> oracle;
};

/// All cases, by folder name.
std::vector<KernelCase> all_cases();

/// A case whose operands are a parameter struct: `make(operands)` gives it, `kernel` and
/// `reference` take it.
template <class Parameters>
KernelCase make_case(std::string operation, std::string direction, std::string shape, double flops,
                     std::string (*unsupported)(Device, DType),
                     std::function<Parameters(Operands&)> make,
                     void (*kernel)(Context&, const Parameters&),
                     void (*reference)(const Parameters&)) {
  return {.operation = std::move(operation),
          .contender = {},
          .direction = std::move(direction),
          .shape = std::move(shape),
          .flops = flops,
          .precision = Precision::f32,
          .large = false,
          .unsupported = unsupported,
          .kernel = [make, kernel](Operands& operands) -> std::function<void(Context&)> {
            return [parameters = make(operands), kernel](Context& context) {
              kernel(context, parameters);
            };
          },
          .oracle = [make, reference](Operands& operands) { reference(make(operands)); }};
}

/// The case as that of another kernel than ebb's, which runs on CUDA alone.
KernelCase contender(KernelCase kernel_case, const std::string& name);

std::vector<KernelCase> activation_cases();
std::vector<KernelCase> adamw_cases();
std::vector<KernelCase> attention_cases();
std::vector<KernelCase> bf16_product_cases();
std::vector<KernelCase> dropout_cases();
std::vector<KernelCase> embedding_cases();
std::vector<KernelCase> encoding_cases();
std::vector<KernelCase> layer_norm_cases();
std::vector<KernelCase> loss_cases();
std::vector<KernelCase> linear_cases();
std::vector<KernelCase> matrix_product_cases();
std::vector<KernelCase> movement_cases();
std::vector<KernelCase> sgd_cases();
std::vector<KernelCase> softmax_cases();
std::vector<KernelCase> unary_cases();

}  // namespace ebb::bench

// The same computation on the CPU and on the device under test.
#pragma once

#include <string_view>
#include <vector>

#include "tests/engine/support/tensors.h"

namespace ebb::testing {

/// In f32 on test_device(), output and gradients of `function` must follow the error rule: the
/// oracle is the CPU's f64, the naive computation `naive` (by default the same) in f32 on the CPU.
/// `inputs` are f64 tensors on the CPU that f32 can hold. Two runs must give the same bits.
void expect_parity(const CheckedFunction& function, const std::vector<Tensor>& inputs,
                   const PassSettings& settings = {}, const CheckedFunction& naive = {});

/// One tensor of the above.
void expect_within_rule(std::string_view name, const Tensor& actual, const Tensor& naive,
                        const Tensor& oracle, double factor);

}  // namespace ebb::testing

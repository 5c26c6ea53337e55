// The rows that explanations compare a customer with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "preprocessing/pipeline/pipeline.h"

namespace ebb::churn {

/// As many as a model file keeps. Shapley values cost a walk between every two of them first.
inline constexpr std::size_t kBackgroundRows = 64;

/// That many of the rows, or all, drawn by `seed`, in host memory and in their order.
preprocessing::EncodedRows draw_background(const preprocessing::EncodedRows& rows,
                                           std::uint64_t seed);

}  // namespace ebb::churn

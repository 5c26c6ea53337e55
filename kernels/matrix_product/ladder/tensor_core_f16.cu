// The plain products of f16 by the fourth rung (tensor_core.cuh), in all four layouts: a file of
// its own, so that it compiles beside bf16.
#include "kernels/matrix_product/ladder/ladder.h"
#include "kernels/matrix_product/ladder/tensor_core.cuh"

namespace ebb::kernels::gemm {
namespace {

template <class Epilogue>
void run(const Context& context, const Problem& p, const Split& split, const Epilogue& epilogue) {
  for_layouts(p, [&]<bool kAlongKA, bool kAlongKB> {
    launch_tensor_core<Float16, kAlongKA, kAlongKB>(context, p, split, epilogue);
  });
}

}  // namespace

void tensor_core_f16(const Context& context, const Problem& p, float* workspace) {
  const Split split = split_of(p);
  const PlainEpilogue<Float16> epilogue(p);
  if (split.parts == 1) return run(context, p, split, epilogue);
  tensor_core_f16_parts(context, p, split, workspace);
  launch_reduce(context, p, split.parts, workspace, epilogue);
}

void tensor_core_f16_parts(const Context& context, const Problem& p, const Split& split,
                           float* sums) {
  run(context, p, split, PartialEpilogue{sums, p.m, p.n});
}

}  // namespace ebb::kernels::gemm

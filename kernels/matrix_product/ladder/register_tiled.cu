// The plain products of f32 by the third rung (register_tiled.cuh), in all four layouts.
#include "kernels/matrix_product/ladder/ladder.h"
#include "kernels/matrix_product/ladder/register_tiled.cuh"

namespace ebb::kernels::gemm {
namespace {

template <class Epilogue>
void run(const Context& context, const Problem& p, const Split& split, const Epilogue& epilogue) {
  for_layouts(p, [&]<bool kAlongKA, bool kAlongKB> {
    launch_register_tiled<kAlongKA, kAlongKB>(context, p, split, epilogue);
  });
}

}  // namespace

void register_tiled(const Context& context, const Problem& p, float* workspace) {
  const Split split = split_of(p);
  const PlainEpilogue<float> epilogue(p);
  if (split.parts == 1) return run(context, p, split, epilogue);
  register_tiled_parts(context, p, split, workspace);
  launch_reduce(context, p, split.parts, workspace, epilogue);
}

void register_tiled_parts(const Context& context, const Problem& p, const Split& split,
                          float* sums) {
  run(context, p, split, PartialEpilogue{sums, p.m, p.n});
}

}  // namespace ebb::kernels::gemm

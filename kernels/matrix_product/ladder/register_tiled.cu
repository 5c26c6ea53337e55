#include "kernels/matrix_product/ladder/ladder.h"
#include "kernels/matrix_product/ladder/register_tiled.cuh"

namespace ebb::kernels::gemm {
namespace {

template <class Epilogue>
void run(const Context& context, const Problem& p, const Split& split, const Epilogue& epilogue) {
  if (p.a.lines_along_k) {
    if (p.b.lines_along_k) return launch_register_tiled<true, true>(context, p, split, epilogue);
    return launch_register_tiled<true, false>(context, p, split, epilogue);
  }
  if (p.b.lines_along_k) return launch_register_tiled<false, true>(context, p, split, epilogue);
  launch_register_tiled<false, false>(context, p, split, epilogue);
}

}  // namespace

void register_tiled(const Context& context, const Problem& p, float* workspace) {
  const Split split = split_of(p);
  const PlainEpilogue<float> epilogue(p);
  if (split.parts == 1) return run(context, p, split, epilogue);
  run(context, p, split, PartialEpilogue{workspace, p.m, p.n});
  launch_reduce(context, p, split.parts, workspace, epilogue);
}

}  // namespace ebb::kernels::gemm

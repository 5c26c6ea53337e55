// The gradient's norm on the CPU: one sum over all, 4 bytes an element, in the first place.
#include <algorithm>

#include "kernels/gradient_norm/gradient_norm_backends.h"
#include "kernels/reduce/reduce.h"

namespace ebb::kernels::cpu {

void gradient_norm(Context& context, const GradientNorm& p) {
  std::fill_n(p.squares.as<double>(), p.squares.elements(), 0.0);
  if (p.gradient.elements() == 0) return;
  *p.squares.as<double>() = sum_of_squares(context, p.gradient);
}

}  // namespace ebb::kernels::cpu

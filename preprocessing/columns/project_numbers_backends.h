// What each backend of project_numbers provides; operands are checked already.
#pragma once

#include "preprocessing/columns/project_numbers.h"

namespace ebb::preprocessing::cpu {

void project_numbers(Context& context, const ProjectNumbers& parameters);

}  // namespace ebb::preprocessing::cpu

namespace ebb::preprocessing::cuda {

void project_numbers(Context& context, const ProjectNumbers& parameters);

}  // namespace ebb::preprocessing::cuda

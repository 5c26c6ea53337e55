// What each backend of embedding provides; operands are checked already, but for the values of the
// indices, which only the device that holds them can check.
#pragma once

#include "kernels/embedding/embedding.h"

namespace ebb::kernels::cpu {

void embedding(Context& context, const EmbeddingForward& parameters);
void embedding_backward(Context& context, const EmbeddingBackward& parameters);

}  // namespace ebb::kernels::cpu

namespace ebb::kernels::cuda {

void embedding(Context& context, const EmbeddingForward& parameters);
void embedding_backward(Context& context, const EmbeddingBackward& parameters);

}  // namespace ebb::kernels::cuda

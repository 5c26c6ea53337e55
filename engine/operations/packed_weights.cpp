#include "engine/operations/packed_weights.h"

#include "kernels/common/parallel.h"
#include "kernels/common/support.h"

namespace ebb {

PackedWeights::PackedWeights(Device device) : device_(device) {
  kernels::require_supported("precision bf16", kernels::bf16_product_unsupported(device));
}

ConstView PackedWeights::Copy::source() const {
  return side == kForward ? weight->value.transpose(0, 1).view() : weight->value.view();
}

PackedWeight PackedWeights::of(const Parameter& weight, bool with_backward) {
  const std::lock_guard lock(mutex_);
  return {&copy_of(weight, kForward), with_backward ? &copy_of(weight, kBackward) : nullptr};
}

const PackedMatrix& PackedWeights::copy_of(const Parameter& weight, Side side) {
  std::unique_ptr<Copy>& copy = copies_[side][&weight];
  if (copy == nullptr) {
    const std::int64_t out = weight.shape[0];
    const std::int64_t in = weight.shape[1];
    // Braces make the matrix in place: it does not move.
    std::unique_ptr<Copy> made(side == kForward ? new Copy{&weight, side, {in, out, device_}}
                                                : new Copy{&weight, side, {out, in, device_}});
    Context context(device_, 1);
    made->matrix.pack(context, made->source());
    context.synchronize();  // others read it on streams of their own
    const std::int64_t pieces = device_.is_cuda() ? 1 : made->matrix.blocks();
    for (std::int64_t block = 0; block < pieces; ++block) pieces_.push_back({made.get(), block});
    copy = std::move(made);
  }
  return copy->matrix;
}

void PackedWeights::refresh(Context& team) {
  if (device_.is_cuda()) {
    for (const Piece& piece : pieces_) piece.copy->matrix.pack(team, piece.copy->source());
    return;
  }
  parallel_for(team, static_cast<std::int64_t>(pieces_.size()), 1,
               [this](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const Piece& piece = pieces_[static_cast<std::size_t>(i)];
                   piece.copy->matrix.pack_block(piece.copy->source(), piece.block);
                 }
               });
}

}  // namespace ebb

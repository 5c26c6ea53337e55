// Scratch memory of attention's CPU kernels, the keys of a head, and the split of work in parts.
#pragma once

#include "kernels/attention/attention_geometry.h"
#include "kernels/common/parallel.h"
#include "kernels/common/workspace_parts.h"

namespace ebb::kernels {

// Columns of scores worked on together: with 64 queries, 16 KB of scores. A multiple of 8, as
// dropout's blocks of elements are.
inline constexpr std::int64_t kKeyBlock = 64;
// Queries in a tile: four vectors of the widest instruction set.
inline constexpr std::int64_t kMostTileQueries = 64;

/// Aligned to cache lines.
using ScratchCursor = AlignedParts<64>;

/// The columns [begin, end) of the score matrix that are worked on together, and the keys among
/// them that the padding mask leaves: positions [first, first + count) of HeadKeys.
struct KeyBlock {
  std::int64_t begin, end;
  std::int64_t first, count;
};

/// The keys of one head that its padding mask leaves, in order. Where the mask hides keys between
/// others, key and value are copies without them.
struct HeadKeys {
  HeadKeys(ScratchCursor& cursor, const AttentionGeometry& g, bool masked)
      : columns(g.keys),
        head_dim(g.head_dim),
        column(cursor.take<std::int32_t>(g.keys)),
        before(cursor.take<std::int32_t>(g.keys + 1)),
        copies(masked ? cursor.take<float>(2 * g.keys * g.head_dim) : nullptr) {}

  /// Takes up batch entry `b`, head `h`.
  void select(const AttentionInputs& p, std::int64_t b, std::int64_t h) {
    if (b != batch_entry) list(p, b);
    batch_entry = b;
    key = {p.key, b, h};
    value = {p.value, b, h};
    const bool prefix = count == 0 || column[count - 1] == count - 1;
    if (prefix) return;
    key = copy(key, copies);
    value = copy(value, copies + count * head_dim);
  }

  KeyBlock block(std::int64_t begin, std::int64_t end) const {
    return {begin, end, before[begin], before[end] - before[begin]};
  }

  std::int64_t columns;
  std::int64_t head_dim;
  HeadRows<const float> key{nullptr, 0};
  HeadRows<const float> value{nullptr, 0};
  std::int64_t count = 0;
  std::int32_t* column;  // [count]: where each key stands among all
  std::int32_t* before;  // [keys + 1]: how many keys are left before each column
  float* copies;
  std::int64_t batch_entry = -1;  // the one that column and before describe

 private:
  void list(const AttentionInputs& p, std::int64_t b) {
    const bool masked = p.key_padding_mask.present();
    if (!masked && batch_entry >= 0) return;
    const std::uint8_t* hidden =
        masked ? p.key_padding_mask.as<std::uint8_t>() + b * columns : nullptr;
    count = 0;
    for (std::int64_t c = 0; c < columns; ++c) {
      before[c] = static_cast<std::int32_t>(count);
      if (!masked || hidden[c] == 0) column[count++] = static_cast<std::int32_t>(c);
    }
    before[columns] = static_cast<std::int32_t>(count);
  }

  HeadRows<const float> copy(const HeadRows<const float>& from, float* to) const {
    for (std::int64_t k = 0; k < count; ++k) {
      std::copy_n(from.row(column[k]), head_dim, to + k * head_dim);
    }
    return {to, head_dim};
  }
};

/// Splits `items` among the threads allowed and calls body(begin, end, scratch), each with its own
/// `bytes` of the workspace.
template <class Body>
void for_parts(Context& context, std::int64_t items, std::int64_t grain, std::size_t bytes,
               Body&& body) {
  if (items == 0) return;
  const std::int64_t parts = std::min<std::int64_t>(context.threads(), blocks_of(items, grain));
  auto* memory =
      static_cast<std::byte*>(context.workspace().acquire(static_cast<std::size_t>(parts) * bytes));
  parallel_for(context, parts, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t part = first; part < last; ++part) {
      body(items * part / parts, items * (part + 1) / parts,
           memory + static_cast<std::size_t>(part) * bytes);
    }
  });
}

/// Heads (or other items of `flops` each) below which another thread does not pay.
inline std::int64_t attention_grain(std::int64_t flops) {
  // A light element is worth about 8 flops here.
  return blocks_of(8 * kParallelGrain, std::max<std::int64_t>(flops, 1));
}

}  // namespace ebb::kernels

// Texts by first appearance on CUDA: a thread for each row puts the hash of its text into a table
// with open addressing, where the first row of each hash is kept; a second look compares the text
// with that of this row, so that equal hashes of unequal texts are noticed. Which slot a hash gets
// may depend on which thread was first; what a slot holds at last does not.
//
// The texts of first rows go to the host, in order, and their codes come back: one for each text of
// the chunk, however many rows have it.
#include <algorithm>
#include <bit>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/workspace_parts.h"
#include "preprocessing/common/spread.h"
#include "preprocessing/csv_device/encode_texts_backends.h"
#include "preprocessing/csv_device/text_hash.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kTextThreads = 256;

/// A text's first row, and where it is.
struct FirstText {
  std::uint32_t row;
  std::uint32_t slot;
  std::uint32_t begin;
  std::uint32_t end;
  bool is_quoted;
};

struct SlotCode {
  std::uint32_t slot;
  std::int32_t code;
};

struct TextTotals {
  std::uint32_t missing;
  std::uint32_t firsts;
  std::uint32_t has_collision;
};

struct EncodeParameters {
  __device__ FieldText field(std::uint32_t row) const { return fields.field(row, position); }
  /// The first row of the texts of a slot.
  __device__ std::uint32_t first_row(std::uint32_t slot) const { return ~complements[slot]; }

  FieldView fields;
  std::uint32_t rows;
  std::uint32_t position;
  TokenView missing;
  std::uint64_t factor;
  std::uint32_t mask;          // slots - 1
  unsigned long long* hashes;  // of each slot, 0 where it is free
  std::uint32_t* complements;  // of the least row of each slot, so that 0 is none
  std::int32_t* codes;         // of each row: its slot first
  FirstText* firsts;
  TextTotals* totals;
};

__device__ inline std::uint32_t slot_of(const EncodeParameters& p, unsigned long long hash) {
  std::uint32_t slot = static_cast<std::uint32_t>(hash) & p.mask;
  for (;; slot = (slot + 1) & p.mask) {
    unsigned long long held = *static_cast<volatile unsigned long long*>(p.hashes + slot);
    if (held == 0) held = atomicCAS(p.hashes + slot, 0ull, hash);
    if (held == 0 || held == hash) return slot;
  }
}

__global__ void __launch_bounds__(kTextThreads) insert_texts(EncodeParameters p) {
  const std::uint32_t row = blockIdx.x * kTextThreads + threadIdx.x;
  bool is_missing = false;
  if (row < p.rows) {
    const FieldText field = p.field(row);
    is_missing = p.missing.contains(field);
    if (is_missing) {
      p.codes[row] = kMissingCode;
    } else {
      const std::uint32_t slot = slot_of(p, text_hash(field, p.factor));
      // Most rows are not the first: they need not wait for each other.
      if (*static_cast<volatile std::uint32_t*>(p.complements + slot) < ~row)
        atomicMax(p.complements + slot, ~row);
      p.codes[row] = static_cast<std::int32_t>(slot);
    }
  }
  const int count = __syncthreads_count(is_missing ? 1 : 0);
  if (threadIdx.x == 0 && count > 0)
    atomicAdd(&p.totals->missing, static_cast<std::uint32_t>(count));
}

__global__ void __launch_bounds__(kTextThreads) compare_texts(EncodeParameters p) {
  const std::uint32_t row = blockIdx.x * kTextThreads + threadIdx.x;
  if (row >= p.rows || p.codes[row] == kMissingCode) return;
  const auto slot = static_cast<std::uint32_t>(p.codes[row]);
  const std::uint32_t first = p.first_row(slot);
  const FieldText field = p.field(row);
  if (row == first) {
    p.firsts[atomicAdd(&p.totals->firsts, 1u)] = {
        row, slot, static_cast<std::uint32_t>(field.begin - p.fields.text),
        static_cast<std::uint32_t>(field.end - p.fields.text), field.is_quoted};
  } else if (!are_equal(field, p.field(first))) {
    atomicOr(&p.totals->has_collision, 1u);
  }
}

/// A slot's code takes the place of its first row.
__global__ void __launch_bounds__(kTextThreads)
    set_codes(const SlotCode* codes, std::uint32_t count, std::uint32_t* slots) {
  const std::uint32_t i = blockIdx.x * kTextThreads + threadIdx.x;
  if (i < count) slots[codes[i].slot] = static_cast<std::uint32_t>(codes[i].code);
}

__global__ void __launch_bounds__(kTextThreads)
    codes_of_slots(const std::uint32_t* slots, std::uint32_t rows, std::int32_t* codes) {
  const std::uint32_t row = blockIdx.x * kTextThreads + threadIdx.x;
  if (row < rows && codes[row] != kMissingCode)
    codes[row] = static_cast<std::int32_t>(slots[codes[row]]);
}

struct EncodeMemory {
  EncodeMemory(WorkspaceParts parts, std::int64_t slots, std::int64_t rows,
               std::int64_t token_bytes)
      : totals(parts.take<TextTotals>(1)),
        hashes(parts.take<unsigned long long>(slots)),
        complements(parts.take<std::uint32_t>(slots)),
        cleared(parts.bytes()),
        firsts(parts.take<FirstText>(rows)),
        tokens(parts.take<unsigned char>(token_bytes)),
        bytes(parts.bytes()) {}

  TextTotals* totals;  // these and the two below begin as zeros
  unsigned long long* hashes;
  std::uint32_t* complements;
  std::size_t cleared;
  FirstText* firsts;  // and then the codes of slots
  unsigned char* tokens;
  std::size_t bytes;
};

/// The codes of the chunk's texts, which are added to the dictionary in the order of their rows.
std::vector<SlotCode> codes_of(std::vector<FirstText> firsts, std::string_view host_text,
                               Dictionary& dictionary) {
  std::ranges::sort(firsts, {}, &FirstText::row);
  std::vector<SlotCode> codes;
  codes.reserve(firsts.size());
  for (const FirstText& first : firsts) {
    const FieldText field{host_text.data() + first.begin, host_text.data() + first.end,
                          first.is_quoted};
    codes.push_back({first.slot, dictionary.code(field.value())});
  }
  return codes;
}

}  // namespace

std::optional<std::size_t> encode_texts(Context& context, const DeviceFields& fields,
                                        std::string_view host_text, std::int64_t position,
                                        const TokenList& missing, Dictionary& dictionary,
                                        const Tensor& codes) {
  static_assert(sizeof(SlotCode) <= sizeof(FirstText));
  const auto rows = static_cast<std::uint32_t>(fields.rows);
  const std::uint64_t slots = std::bit_ceil(2 * std::uint64_t{rows});
  const std::int64_t token_bytes = std::ssize(missing.bytes());
  const auto memory_at = [&](void* at) {
    return EncodeMemory(WorkspaceParts(at), static_cast<std::int64_t>(slots), fields.rows,
                        token_bytes);
  };
  const EncodeMemory memory = memory_at(context.workspace().acquire(memory_at(nullptr).bytes));
  choose_device(context);
  ebb::cuda::zero(context.stream(), memory.totals, memory.cleared);
  ebb::cuda::copy(context.stream(), memory.tokens, missing.bytes().data(), missing.bytes().size());
  auto* const code = codes.view().as<std::int32_t>();
  const EncodeParameters p{fields.view(),
                           rows,
                           static_cast<std::uint32_t>(position),
                           missing.view(memory.tokens),
                           kSpreadFactor,
                           static_cast<std::uint32_t>(slots - 1),
                           memory.hashes,
                           memory.complements,
                           code,
                           memory.firsts,
                           memory.totals};
  const LaunchShape of_rows{"encode_texts", blocks_of(fields.rows, kTextThreads), kTextThreads};
  launch(context, of_rows, insert_texts, p);
  launch(context, of_rows, compare_texts, p);
  TextTotals totals{};
  ebb::cuda::copy(context.stream(), &totals, memory.totals, sizeof(totals));
  context.synchronize();
  if (totals.has_collision != 0) return std::nullopt;
  std::vector<FirstText> firsts(totals.firsts);
  ebb::cuda::copy(context.stream(), firsts.data(), memory.firsts,
                  firsts.size() * sizeof(FirstText));
  context.synchronize();
  const std::vector<SlotCode> found = codes_of(std::move(firsts), host_text, dictionary);
  auto* const slot_codes = reinterpret_cast<SlotCode*>(memory.firsts);
  ebb::cuda::copy(context.stream(), slot_codes, found.data(), found.size() * sizeof(SlotCode));
  launch(context, {"encode_texts", blocks_of(std::ssize(found), kTextThreads), kTextThreads},
         set_codes, slot_codes, totals.firsts, memory.complements);
  launch(context, of_rows, codes_of_slots, memory.complements, rows, code);
  return totals.missing;
}

}  // namespace ebb::preprocessing::cuda

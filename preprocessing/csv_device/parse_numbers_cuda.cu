// Numbers of a text on CUDA. A block takes kRows rows of kColumns columns: its threads read fields
// in the order of the text, so that lanes read neighbouring bytes; the numbers lie in shared memory
// and are written column by column, each warp 32 rows at a time.
//
// Bytes moved: for each field its own, 8 of separators and 8 of the number. What all blocks read
// (tokens, powers, 11 KiB) stays in the caches.
#include <algorithm>

#include "kernels/common/blocks.h"
#include "kernels/common/cuda/divider.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "kernels/common/workspace_parts.h"
#include "preprocessing/csv_device/parse_numbers_backends.h"
#include "preprocessing/csv_device/power_table.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kParseThreads = 256;
constexpr int kRows = 256;
constexpr int kColumns = 8;

/// Where a column's fields are, and where its numbers go.
struct NumberTarget {
  std::uint32_t position;
  double* numbers;
};

struct Left {
  unsigned has_texts;
  std::uint32_t undecided;  // how many there are; kMostUndecided of them are listed
};

struct ParseParameters {
  FieldView fields;
  std::uint32_t rows;
  const NumberTarget* targets;
  std::uint32_t columns;
  TokenView missing;
  PowerTable powers;
  Left* left;
  UndecidedNumber* undecided;
};

__device__ inline double parse_field(const ParseParameters& p, std::uint32_t row,
                                     std::uint32_t column) {
  const FieldText field = p.fields.field(row, p.targets[column].position);
  if (p.missing.contains(field)) return kMissingNumber;
  const ParsedNumber parsed = round_decimal(DecimalReader(field.begin, field.end).read(), p.powers);
  if (parsed.state == ParsedNumber::State::text) atomicOr(&p.left->has_texts, 1u);
  if (parsed.state == ParsedNumber::State::undecided) {
    const std::uint32_t place = atomicAdd(&p.left->undecided, 1u);
    if (place < kMostUndecided) {
      p.undecided[place] = {row, column, static_cast<std::uint32_t>(field.begin - p.fields.text),
                            static_cast<std::uint32_t>(field.end - field.begin)};
    }
  }
  return parsed.value;
}

__global__ void __launch_bounds__(kParseThreads) parse_tile(ParseParameters p) {
  __shared__ double tile[kColumns][kRows + 1];
  const std::uint32_t first_row = blockIdx.x * kRows;
  const std::uint32_t first_column = blockIdx.y * kColumns;
  const std::uint32_t rows = min(p.rows - first_row, std::uint32_t{kRows});
  const std::uint32_t columns = min(p.columns - first_column, std::uint32_t{kColumns});
  for (std::uint32_t i = threadIdx.x; i < rows * columns; i += kParseThreads) {
    const std::uint32_t row = i / columns;
    const std::uint32_t column = i % columns;
    tile[column][row] = parse_field(p, first_row + row, first_column + column);
  }
  __syncthreads();
  static_assert(kRows == kParseThreads);
  for (std::uint32_t column = 0; threadIdx.x < rows && column < columns; ++column) {
    p.targets[first_column + column].numbers[first_row + threadIdx.x] = tile[column][threadIdx.x];
  }
}

struct ParseMemory {
  ParseMemory(WorkspaceParts parts, std::int64_t columns, std::int64_t token_bytes)
      : left(parts.take<Left>(1)),
        targets(parts.take<NumberTarget>(columns)),
        tokens(parts.take<unsigned char>(token_bytes)),
        fives(parts.take<std::uint64_t>(std::ssize(powers_of_five()))),
        tens(parts.take<double>(std::ssize(kPowersOfTen))),
        undecided(parts.take<UndecidedNumber>(kMostUndecided)),
        bytes(parts.bytes()) {}

  Left* left;
  NumberTarget* targets;
  unsigned char* tokens;
  std::uint64_t* fives;
  double* tens;
  UndecidedNumber* undecided;
  std::size_t bytes;
};

template <class T>
void copy_all(Context& context, T* to, std::span<const T> from) {
  ebb::cuda::copy(context.stream(), to, from.data(), from.size_bytes());
}

}  // namespace

ParsedNumbers parse_numbers(Context& context, const DeviceFields& fields, const TokenList& missing,
                            std::span<const ParsedColumn> columns) {
  const std::int64_t count = std::ssize(columns);
  const std::int64_t token_bytes = std::ssize(missing.bytes());
  const std::size_t bytes = ParseMemory(WorkspaceParts(), count, token_bytes).bytes;
  const ParseMemory memory(WorkspaceParts(context.workspace().acquire(bytes)), count, token_bytes);
  std::vector<NumberTarget> targets;
  for (const ParsedColumn& column : columns) {
    targets.push_back(
        {static_cast<std::uint32_t>(column.position), column.numbers.view().as<double>()});
  }
  choose_device(context);
  ebb::cuda::zero(context.stream(), memory.left, sizeof(Left));
  copy_all<NumberTarget>(context, memory.targets, targets);
  copy_all<unsigned char>(context, memory.tokens, missing.bytes());
  copy_all<std::uint64_t>(context, memory.fives, powers_of_five());
  copy_all<double>(context, memory.tens, kPowersOfTen);
  const ParseParameters parameters{fields.view(),
                                   static_cast<std::uint32_t>(fields.rows),
                                   memory.targets,
                                   static_cast<std::uint32_t>(count),
                                   missing.view(memory.tokens),
                                   {memory.fives, memory.tens},
                                   memory.left,
                                   memory.undecided};
  const Blocks grid(blocks_of(fields.rows, kRows), blocks_of(count, kColumns));
  launch(context, {"parse_numbers", grid, kParseThreads}, parse_tile, parameters);
  Left left{};
  ebb::cuda::copy(context.stream(), &left, memory.left, sizeof(left));
  context.synchronize();
  ParsedNumbers parsed;
  parsed.has_texts = left.has_texts != 0;
  parsed.undecided.resize(std::min(left.undecided, kMostUndecided));
  if (!parsed.undecided.empty()) {
    ebb::cuda::copy(context.stream(), parsed.undecided.data(), memory.undecided,
                    parsed.undecided.size() * sizeof(UndecidedNumber));
    context.synchronize();
  }
  return parsed;
}

}  // namespace ebb::preprocessing::cuda

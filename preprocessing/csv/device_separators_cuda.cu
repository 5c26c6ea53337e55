// Separators outside of quotes on CUDA. A block takes a tile of 4096 bytes, a thread 16 of them, as
// a bit for each byte.
//
// First each tile counts its quotes, and its separators for both cases: that it begins between
// quotes or not. Then CUB scans the tiles: whether each begins between quotes, and how many
// separators are before it. At last each tile writes the offsets of its separators, in order,
// through shared memory.
//
// Whether a byte is between quotes is the parity of the quotes before it: within 16 bits by shifts,
// within a warp by a vote, then over warps. Bytes moved: 2 for each of the text, 4 for each offset.
#include <cub/device/device_scan.cuh>

#include "kernels/common/cuda/collectives.cuh"
#include "kernels/common/cuda/launch.h"
#include "kernels/common/cuda/runtime.h"
#include "preprocessing/csv/device_separators_backends.h"

namespace ebb::preprocessing::cuda {
namespace {

using namespace ebb::cuda;

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
constexpr std::uint32_t kOfThread = 16;
constexpr std::uint32_t kTile = kThreads * kOfThread;

/// What a stretch of text does to the count of separators, for each case that it begins in.
struct Stretch {
  std::uint32_t flips = 0;    // whether it has an odd number of quotes
  std::uint32_t outside = 0;  // separators, if it does not begin between quotes
  std::uint32_t inside = 0;   // if it does
  std::uint32_t outside_feeds = 0;
  std::uint32_t inside_feeds = 0;
};

struct Append {
  __host__ __device__ Stretch operator()(const Stretch& a, const Stretch& b) const {
    const bool flips = a.flips != 0;
    return {a.flips ^ b.flips, a.outside + (flips ? b.inside : b.outside),
            a.inside + (flips ? b.outside : b.inside),
            a.outside_feeds + (flips ? b.inside_feeds : b.outside_feeds),
            a.inside_feeds + (flips ? b.outside_feeds : b.inside_feeds)};
  }
};

struct Text {
  const char* bytes;
  std::uint32_t size;
  char delimiter;
};

enum Flag : unsigned { kLoneReturn = 1, kNotPlain = 2, kIrregular = 4, kQuotes = 8 };

/// A bit for each of 16 bytes.
struct Bits {
  std::uint32_t quotes = 0;
  std::uint32_t separators = 0;
  std::uint32_t feeds = 0;
  std::uint32_t returns = 0;
  bool is_plain = true;
};

/// The bits of the bytes of `word` that are `c`.
__device__ inline std::uint32_t equal_bytes(std::uint32_t word, char c) {
  const std::uint32_t pattern = static_cast<unsigned char>(c) * 0x01010101u;
  return ((__vcmpeq4(word, pattern) & 0x01010101u) * 0x01020408u) >> 24 & 0xfu;
}

__device__ inline Bits bits_of(const Text& text, std::uint32_t begin) {
  std::uint32_t words[4] = {0x20202020u, 0x20202020u, 0x20202020u, 0x20202020u};  // blanks
  if (begin + kOfThread <= text.size && begin + kOfThread > begin) {
    const uint4 loaded = *reinterpret_cast<const uint4*>(text.bytes + begin);
    words[0] = loaded.x;
    words[1] = loaded.y;
    words[2] = loaded.z;
    words[3] = loaded.w;
  } else if (begin < text.size) {
#pragma unroll
    for (std::uint32_t i = 0; i < kOfThread; ++i) {
      if (i >= text.size - begin) continue;
      const std::uint32_t shift = i % 4 * 8;
      const auto byte = static_cast<unsigned char>(text.bytes[begin + i]);
      words[i / 4] = (words[i / 4] & ~(0xffu << shift)) | (std::uint32_t{byte} << shift);
    }
  }
  Bits bits;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t feeds = equal_bytes(words[i], '\n');
    bits.feeds |= feeds << (4 * i);
    bits.separators |= (feeds | equal_bytes(words[i], text.delimiter)) << (4 * i);
    bits.quotes |= equal_bytes(words[i], '"') << (4 * i);
    bits.returns |= equal_bytes(words[i], '\r') << (4 * i);
    bits.is_plain &= (words[i] & 0x80808080u) == 0 && __vcmpeq4(words[i], 0) == 0;
  }
  return bits;
}

/// A bit for each byte that an odd number of quotes of the tile are before; all warps are there.
__device__ inline std::uint32_t parity_before(std::uint32_t quotes, std::uint32_t& tile_flips) {
  __shared__ std::uint32_t warp_flips[kWarps];
  const unsigned lane = threadIdx.x % 32;
  const unsigned votes = __ballot_sync(kAllLanes, (__popc(quotes) & 1) != 0);
  if (lane == 0) warp_flips[threadIdx.x / 32] = __popc(votes) & 1;
  __syncthreads();
  std::uint32_t flips = __popc(votes & ((1u << lane) - 1)) & 1;
  tile_flips = 0;
  for (unsigned warp = 0; warp < kWarps; ++warp) {
    flips ^= warp < threadIdx.x / 32 ? warp_flips[warp] : 0;
    tile_flips ^= warp_flips[warp];
  }
  std::uint32_t parity = quotes;
  parity ^= parity << 1;
  parity ^= parity << 2;
  parity ^= parity << 4;
  parity ^= parity << 8;
  return ((parity << 1) ^ (flips != 0 ? 0xffffu : 0u)) & 0xffffu;
}

/// The sum over the block of `value`, in every thread.
__device__ inline std::uint32_t block_sum(std::uint32_t value, std::uint32_t (&sums)[kWarps]) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(kAllLanes, value, step);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = value;
  __syncthreads();
  std::uint32_t sum = 0;
  for (int warp = 0; warp < kWarps; ++warp) sum += sums[warp];
  return sum;
}

__global__ void __launch_bounds__(kThreads) count_tile(Text text, Stretch* tiles) {
  __shared__ std::uint32_t sums[4][kWarps];
  const Bits bits = bits_of(text, blockIdx.x * kTile + threadIdx.x * kOfThread);
  Stretch tile;
  const std::uint32_t inside = parity_before(bits.quotes, tile.flips);
  tile.outside = block_sum(__popc(bits.separators & ~inside), sums[0]);
  tile.inside = block_sum(__popc(bits.separators & inside), sums[1]);
  tile.outside_feeds = block_sum(__popc(bits.feeds & ~inside), sums[2]);
  tile.inside_feeds = block_sum(__popc(bits.feeds & inside), sums[3]);
  if (threadIdx.x == 0) tiles[blockIdx.x] = tile;
}

/// Whether a quote at `at` that opens stands where one may.
__device__ inline bool may_open(const Text& text, std::uint32_t at) {
  if (at > 0 && text.bytes[at - 1] == '"') return true;  // behind one that closes
  while (at > 0) {
    const char c = text.bytes[--at];
    if (c == text.delimiter || c == '\n') return true;
    const bool is_padding = c == ' ' || c == '\r' || c == '\t';
    if (!is_padding) return false;
  }
  return true;
}

/// What is wrong with the thread's bytes, of which `inside` are between quotes.
__device__ inline unsigned flags_of(const Text& text, std::uint32_t begin, const Bits& bits,
                                    std::uint32_t inside) {
  unsigned flags = (bits.is_plain ? 0 : kNotPlain) | (bits.quotes != 0 ? kQuotes : 0);
  for (std::uint32_t left = bits.returns & ~inside; left != 0; left &= left - 1) {
    const std::uint32_t after = begin + __ffs(static_cast<int>(left));
    if (after >= text.size || text.bytes[after] != '\n') flags |= kLoneReturn;
  }
  for (std::uint32_t left = bits.quotes & ~inside; left != 0; left &= left - 1) {
    if (!may_open(text, begin + __ffs(static_cast<int>(left)) - 1)) flags |= kIrregular;
  }
  return flags;
}

__global__ void __launch_bounds__(kThreads)
    write_tile(Text text, const Stretch* before, std::uint32_t* offsets, unsigned* flags) {
  __shared__ std::uint32_t warp_counts[kWarps];
  __shared__ std::uint32_t found[kTile];
  const std::uint32_t begin = blockIdx.x * kTile + threadIdx.x * kOfThread;
  const Bits bits = bits_of(text, begin);
  const Stretch start = before[blockIdx.x];
  std::uint32_t flips = 0;
  std::uint32_t inside = parity_before(bits.quotes, flips);
  if (start.flips != 0) inside ^= 0xffffu;
  const unsigned wrong = flags_of(text, begin, bits, inside);
  if (wrong != 0) atomicOr(flags, wrong);
  std::uint32_t separators = bits.separators & ~inside;
  const unsigned lane = threadIdx.x % 32;
  const std::uint32_t mine = __popc(separators);
  std::uint32_t place = mine;  // of the warp's threads up to this one
  for (unsigned step = 1; step < 32; step *= 2) {
    const std::uint32_t other = __shfl_up_sync(kAllLanes, place, step);
    if (lane >= step) place += other;
  }
  if (lane == 31) warp_counts[threadIdx.x / 32] = place;
  place -= mine;
  __syncthreads();
  std::uint32_t count = 0;
  for (unsigned warp = 0; warp < kWarps; ++warp) {
    place += warp < threadIdx.x / 32 ? warp_counts[warp] : 0;
    count += warp_counts[warp];
  }
  for (; separators != 0; separators &= separators - 1) {
    found[place++] = begin + __ffs(static_cast<int>(separators)) - 1;
  }
  __syncthreads();
  for (std::uint32_t i = threadIdx.x; i < count; i += kThreads) {
    offsets[start.outside + i] = found[i];
  }
}

}  // namespace

DeviceSeparators find_separators(Context& context, const Tensor& tensor, char delimiter) {
  const Text text{tensor.view().as<const char>(), static_cast<std::uint32_t>(tensor.elements()),
                  delimiter};
  if (reinterpret_cast<std::uintptr_t>(text.bytes) % kOfThread != 0) {
    fail("find_separators: the text does not begin at a multiple of {} bytes", kOfThread);
  }
  const auto tiles = static_cast<std::int64_t>((tensor.elements() + kTile - 1) / kTile);
  // A stretch more than tiles, so that the last one is what is before the end of the text.
  const std::size_t stretch_bytes = static_cast<std::size_t>(tiles + 1) * sizeof(Stretch);
  const std::size_t before_scan = (2 * stretch_bytes + sizeof(unsigned) + 255) / 256 * 256;
  std::size_t scan_bytes = 0;
  const auto scan = [&](void* memory, Stretch* from, Stretch* to) {
    check(cub::DeviceScan::ExclusiveScan(memory, scan_bytes, from, to, Append(), Stretch(),
                                         tiles + 1, context.stream()),
          "scanning the tiles of a text");
  };
  choose_device(context);
  scan(nullptr, nullptr, nullptr);  // says how much memory it takes
  auto* memory = static_cast<std::byte*>(context.workspace().acquire(before_scan + scan_bytes));
  auto* of_tiles = reinterpret_cast<Stretch*>(memory);
  auto* before = of_tiles + tiles + 1;
  auto* flags = reinterpret_cast<unsigned*>(before + tiles + 1);
  ebb::cuda::zero(context.stream(), memory, before_scan);
  launch(context, {"find_separators", tiles, kThreads}, count_tile, text, of_tiles);
  scan(memory + before_scan, of_tiles, before);
  Stretch all;
  ebb::cuda::copy(context.stream(), &all, before + tiles, sizeof(all));
  context.synchronize();
  DeviceSeparators result;
  result.found.count = all.outside;
  result.found.line_feeds = all.outside_feeds;
  result.inner_feeds = all.inside_feeds;  // as the text begins outside, each is in one of the two
  result.ends_in_quotes = all.flips != 0;
  result.offsets = Tensor::empty({std::int64_t{all.outside}}, DType::i32, context.device());
  launch(context, {"find_separators", tiles, kThreads}, write_tile, text, before,
         result.offsets.view().as<std::uint32_t>(), flags);
  unsigned found_flags = 0;
  ebb::cuda::copy(context.stream(), &found_flags, flags, sizeof(found_flags));
  context.synchronize();
  result.found.has_lone_return = (found_flags & kLoneReturn) != 0;
  result.found.is_plain = (found_flags & kNotPlain) == 0;
  result.is_regular = (found_flags & kIrregular) == 0;
  result.has_quotes = (found_flags & kQuotes) != 0;
  return result;
}

}  // namespace ebb::preprocessing::cuda

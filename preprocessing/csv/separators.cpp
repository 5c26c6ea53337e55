// 64 bytes at a time: comparisons give a bit for each byte, and bits that are set become offsets.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "preprocessing/csv/separators.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <algorithm>
#include <bit>
#include <cstring>

#include <hwy/highway.h>

#include "preprocessing/csv/separators.h"

HWY_BEFORE_NAMESPACE();
namespace ebb::preprocessing::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<std::int8_t, 64>;
using V = hn::Vec<D>;

constexpr std::size_t kBlock = 64;

template <class Mask>
HWY_INLINE std::uint64_t bits_of(Mask mask) {
  std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(D(), mask, bytes);
  std::uint64_t bits = 0;
  std::memcpy(&bits, bytes, sizeof(bits));
  return bits;
}

/// What 64 bytes hold, a bit for each.
struct BlockBits {
  std::uint64_t delimiters = 0;
  std::uint64_t line_feeds = 0;
  std::uint64_t returns = 0;
};

class Scanner {
 public:
  Scanner(char delimiter, std::uint32_t* offsets)
      : delimiter_(hn::Set(D(), static_cast<std::int8_t>(delimiter))), offsets_(offsets) {}

  HWY_INLINE void add(const char* block, std::size_t begin) {
    const BlockBits bits = compare(block);
    const std::uint64_t after_returns = (bits.returns << 1) | carried_return_;
    carried_return_ = bits.returns >> 63;
    lone_returns_ |= after_returns & ~bits.line_feeds;
    found_.line_feeds += static_cast<std::size_t>(std::popcount(bits.line_feeds));
    append(bits.delimiters | bits.line_feeds, static_cast<std::uint32_t>(begin));
  }

  Separators finish() {
    found_.has_lone_return = (lone_returns_ | carried_return_) != 0;
    found_.is_plain = hn::AllTrue(D(), hn::Gt(lowest_, hn::Zero(D())));
    return found_;
  }

 private:
  HWY_INLINE BlockBits compare(const char* block) {
    const D d;
    BlockBits bits;
    for (std::size_t i = 0; i < kBlock; i += hn::Lanes(d)) {
      const V bytes = hn::LoadU(d, reinterpret_cast<const std::int8_t*>(block) + i);
      bits.delimiters |= bits_of(hn::Eq(bytes, delimiter_)) << i;
      bits.line_feeds |= bits_of(hn::Eq(bytes, hn::Set(d, '\n'))) << i;
      bits.returns |= bits_of(hn::Eq(bytes, hn::Set(d, '\r'))) << i;
      lowest_ = hn::Min(lowest_, bytes);
    }
    return bits;
  }

  /// Eight offsets at a time, whether so many bits are set or not: the count is hard to predict.
  HWY_INLINE void append(std::uint64_t bits, std::uint32_t begin) {
    const auto count = static_cast<std::size_t>(std::popcount(bits));
    std::uint32_t* out = offsets_ + found_.count;
    for (std::size_t i = 0; i < count; i += 8) {
      for (std::size_t k = 0; k < 8; ++k) {
        out[i + k] = begin + static_cast<std::uint32_t>(std::countr_zero(bits));
        bits &= bits - 1;
      }
    }
    found_.count += count;
  }

  V delimiter_;
  V lowest_ = hn::Set(D(), 1);
  std::uint64_t carried_return_ = 0;
  std::uint64_t lone_returns_ = 0;
  std::uint32_t* offsets_;
  Separators found_;
};

Separators scan(std::string_view text, char delimiter, std::uint32_t* offsets) {
  Scanner scanner(delimiter, offsets);
  std::size_t begin = 0;
  for (; begin + kBlock <= text.size(); begin += kBlock) scanner.add(text.data() + begin, begin);
  if (begin < text.size()) {
    char rest[kBlock];
    std::fill(std::begin(rest), std::end(rest), ' ');
    std::copy(text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), rest);
    scanner.add(rest, begin);
  }
  return scanner.finish();
}

}  // namespace ebb::preprocessing::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebb::preprocessing {

HWY_EXPORT(scan);

Separators find_separators(std::string_view text, char delimiter, std::uint32_t* offsets) {
  return HWY_DYNAMIC_DISPATCH(scan)(text, delimiter, offsets);
}

}  // namespace ebb::preprocessing
#endif

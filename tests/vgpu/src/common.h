// Basic types and helpers shared by every part of vgpu.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace vgpu {
using u8 = uint8_t;
using s8 = int8_t;
using u16 = uint16_t;
using s16 = int16_t;
using u32 = uint32_t;
using s32 = int32_t;
using u64 = uint64_t;
using s64 = int64_t;
struct alignas(16) u128 {
  u64 lo, hi;
  bool operator==(const u128& o) const { return lo == o.lo && hi == o.hi; }
};

#define VGPU_LIKELY(x) __builtin_expect(!!(x), 1)
#define VGPU_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define VGPU_INLINE inline __attribute__((always_inline))

template <class To, class From>
VGPU_INLINE To bitcast(const From& f) {
  static_assert(sizeof(To) == sizeof(From));
  To t;
  __builtin_memcpy(&t, &f, sizeof t);
  return t;
}

std::string format_text(const char* fmt, ...) __attribute__((format(printf, 1, 2)));
void log_line(const std::string& s);  // one line on stderr, prefixed "vgpu: "
long environment_number(const char* name, long fallback);
const char* environment_text(const char* name, const char* fallback);

// A PTX module that cannot be used (syntax, unknown opcode, ...).
struct PtxError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A device-side fault: ends the launch, becomes the sticky CUDA error `code`.
struct Fault : std::runtime_error {
  int code;
  Fault(int c, const std::string& s) : std::runtime_error(s), code(c) {}
};
// CUDA error numbers that the execution engine raises (values of cudaError_t).
enum {
  ERR_ILLEGAL_ADDRESS = 700,
  ERR_LAUNCH_TIMEOUT = 702,
  ERR_ASSERT = 710,
  ERR_HW_STACK = 714,
  ERR_ILLEGAL_INSTRUCTION = 715,
  ERR_MISALIGNED = 716,
  ERR_INVALID_ADDRESS_SPACE = 717,
  ERR_INVALID_PC = 718,
  ERR_LAUNCH_FAILURE = 719
};
}  // namespace vgpu

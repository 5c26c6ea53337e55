#include "tests/engine/support/allocation_counter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <execinfo.h>
#include <new>
#include <string_view>

#include <fmt/format.h>

namespace ebb::testing {
namespace {

struct Counts {
  std::atomic<bool> active{false};
  std::atomic<std::size_t> ours{0};
  std::atomic<std::size_t> vendor{0};
  std::array<void*, 8> callers{};
};

Counts counts;
thread_local bool inside = false;

std::string_view library_of(void* address, std::uintptr_t* offset = nullptr) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
  if (offset != nullptr) {
    *offset = reinterpret_cast<std::uintptr_t>(address) -
              reinterpret_cast<std::uintptr_t>(info.dli_fbase);
  }
  return info.dli_fname;
}

// Counts for the first caller beyond the libraries that only allocate on someone's behalf.
void count(void* returns_to) {
  if (inside) return;
  inside = true;
  std::array<void*, 24> frames{};
  const int depth = backtrace(frames.data(), static_cast<int>(frames.size()));
  const auto end = frames.begin() + depth;
  for (auto frame = std::find(frames.begin(), end, returns_to); frame != end; ++frame) {
    const std::string_view library = library_of(*frame);
    if (library.find("libstdc++") != std::string_view::npos ||
        library.find("libfmt") != std::string_view::npos) {
      continue;
    }
    returns_to = *frame;
    break;
  }
  if (library_of(returns_to).find("libdnnl") != std::string_view::npos) {
    ++counts.vendor;
  } else {
    const std::size_t index = counts.ours++;
    if (index < counts.callers.size()) counts.callers[index] = returns_to;
  }
  inside = false;
}

void* try_allocate(std::size_t size, std::size_t alignment, void* returns_to) {
  if (counts.active.load(std::memory_order_relaxed)) count(returns_to);
  return alignment <= alignof(std::max_align_t)
             ? std::malloc(size == 0 ? 1 : size)
             : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate(std::size_t size, std::size_t alignment, void* returns_to) {
  void* memory = try_allocate(size, alignment, returns_to);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

AllocationCounter::AllocationCounter() {
  // Its first call loads a library, and so allocates.
  std::array<void*, 1> frames{};
  backtrace(frames.data(), 1);
  counts.ours = 0;
  counts.vendor = 0;
  counts.callers = {};
  counts.active = true;
}

void AllocationCounter::stop() { counts.active = false; }

std::size_t AllocationCounter::ours() const { return counts.ours; }
std::size_t AllocationCounter::vendor() const { return counts.vendor; }

std::string AllocationCounter::callers() const {
  std::string text;
  for (void* caller : counts.callers) {
    if (caller == nullptr) break;
    std::uintptr_t offset = 0;
    const std::string_view library = library_of(caller, &offset);
    text += fmt::format("{}+{:#x}\n", library, offset);
  }
  return text;
}

}  // namespace ebb::testing

void* operator new(std::size_t size) {
  return ebb::testing::allocate(size, 1, __builtin_return_address(0));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return ebb::testing::allocate(size, static_cast<std::size_t>(alignment),
                                __builtin_return_address(0));
}
// All forms, or a form left to a sanitizer would be freed by the wrong library.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return ebb::testing::try_allocate(size, 1, __builtin_return_address(0));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return ebb::testing::try_allocate(size, static_cast<std::size_t>(alignment),
                                    __builtin_return_address(0));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

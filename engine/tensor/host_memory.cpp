#include "engine/tensor/host_memory.h"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace ebb {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kSlab = std::size_t{32} << 20;

/// Lies at the start of its memory, whose address is a multiple of kSlab: so every piece that
/// begins within the first kSlab bytes finds it.
struct alignas(kAlignment) Slab {
  std::size_t bytes;
  std::size_t used;
  std::size_t pieces;  // not yet freed
};

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

/// Fresh memory at a multiple of kSlab, or null.
std::byte* map(std::size_t bytes) {
  void* mapped =
      mmap(nullptr, bytes + kSlab, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* first = static_cast<std::byte*>(mapped);
  const auto address = reinterpret_cast<std::uintptr_t>(first);
  const std::size_t before = round_up(address, kSlab) - address;
  if (before > 0) munmap(first, before);
  if (before < kSlab) munmap(first + before + bytes, kSlab - before);
  // A wish: where it is refused, ordinary pages do.
  madvise(first + before, bytes, MADV_HUGEPAGE);
  return first + before;
}

class Slabs {
 public:
  void* allocate(std::size_t bytes) {
    if (bytes > SIZE_MAX - 2 * kSlab) return nullptr;
    bytes = round_up(std::max<std::size_t>(bytes, 1), kAlignment);
    const std::lock_guard lock(mutex_);
    // What takes more than a quarter would leave much of the slab before unused.
    if (bytes > kSlab / 4) return cut(add_slab(round_up(bytes + sizeof(Slab), kHugePage)), bytes);
    if (current_ == nullptr || current_->bytes - current_->used < bytes) {
      Slab* slab = add_slab(kSlab);
      if (slab == nullptr) return nullptr;
      current_ = slab;
    }
    return cut(current_, bytes);
  }

  void free(void* memory, std::size_t bytes) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    const std::lock_guard lock(mutex_);
    auto* slab = reinterpret_cast<Slab*>(address / kSlab * kSlab);
    if (--slab->pieces > 0) return give_back_pages(address, address + bytes);
    if (slab == current_) current_ = nullptr;
    munmap(slab, slab->bytes);
  }

 private:
  static void give_back_pages(std::uintptr_t begin, std::uintptr_t end) noexcept {
    static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    begin = round_up(begin, page);
    end = end / page * page;
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }

  static Slab* add_slab(std::size_t bytes) {
    std::byte* memory = map(bytes);
    return memory == nullptr ? nullptr : new (memory) Slab{bytes, sizeof(Slab), 0};
  }

  static void* cut(Slab* slab, std::size_t bytes) {
    if (slab == nullptr) return nullptr;
    void* piece = reinterpret_cast<std::byte*>(slab) + slab->used;
    slab->used += bytes;
    ++slab->pieces;
    return piece;
  }

  std::mutex mutex_;
  Slab* current_ = nullptr;  // the one that small requests are cut from
};

Slabs& slabs() {
  // Never destroyed: tensors in static storage may outlive any order of destruction.
  static auto* slabs = new Slabs;
  return *slabs;
}

}  // namespace

void* allocate_host_memory(std::size_t bytes) {
  if constexpr (EBB_SANITIZED) {
    return ::operator new (bytes, std::align_val_t{kAlignment}, std::nothrow);
  }
  return slabs().allocate(bytes);
}

void free_host_memory(void* memory, std::size_t bytes) noexcept {
  if constexpr (EBB_SANITIZED) return ::operator delete (memory, std::align_val_t{kAlignment});
  slabs().free(memory, bytes);
}

}  // namespace ebb

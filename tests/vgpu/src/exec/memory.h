// Address spaces. Global memory is host memory: a table of live allocations says what may be
// touched. Shared and local memory have windows in the generic address space that no host pointer
// can be in.
#pragma once
#include <map>
#include <shared_mutex>

#include "tests/vgpu/src/common.h"
namespace vgpu {
constexpr u64 kSharedWindow = 0x0100000000000000ull;
constexpr u64 kLocalWindow = 0x0200000000000000ull;
constexpr u64 kClusterWindow =
    0x0300000000000000ull;  // shared::cluster (mapa), second wave: | rank << 32
constexpr u64 kFuncWindow = 0x0400000000000000ull;  // function addresses
constexpr u64 kWindowMask = 0xff00000000000000ull;

enum class MemKind : u8 { Device, Host, Managed, Variable, ConstVariable, Params, Internal };
struct Alloc {
  u64 lo, hi;
  MemKind kind;
  std::string name;
  int pool = 0;
  u64 base = 0;
  u64 id = 0;
};

class MemTable {
 public:
  void add(Alloc a);
  bool remove(u64 lo);                           // false if no allocation starts there
  bool find(u64 addr, Alloc& out) const;         // allocation containing addr
  bool range(u64 addr, u64& lo, u64& hi) const;  // cheap form for the execution engine
  std::string describe(u64 addr) const;          // nearest allocations, for error messages
  u64 bytes(MemKind k) const;
  u32 epoch() const { return __atomic_load_n(&epoch_, __ATOMIC_ACQUIRE); }

 private:
  mutable std::shared_mutex mu_;
  std::map<u64, Alloc> m_;
  u32 epoch_ = 1;
  u64 next_id_ = 1;
};
MemTable& memtable();

// Allocation used by cudaMalloc and friends: page- or 512-byte-aligned, with guard gaps around.
void* mem_alloc(size_t bytes, MemKind kind, const std::string& name);
bool mem_free(void* p);
}  // namespace vgpu

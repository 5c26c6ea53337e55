#include "tests/vgpu/src/exec/memory.h"

#include <atomic>
#include <mutex>
#include <sys/mman.h>
namespace vgpu {
MemTable& memtable() {
  static MemTable* t = new MemTable;
  return *t;
}

void MemTable::add(Alloc a) {
  std::unique_lock l(mu_);
  a.id = next_id_++;
  m_[a.lo] = std::move(a);
  __atomic_add_fetch(&epoch_, 1, __ATOMIC_RELEASE);
}
bool MemTable::remove(u64 lo) {
  std::unique_lock l(mu_);
  if (!m_.erase(lo)) return false;
  __atomic_add_fetch(&epoch_, 1, __ATOMIC_RELEASE);
  return true;
}
bool MemTable::find(u64 addr, Alloc& out) const {
  std::shared_lock l(mu_);
  auto it = m_.upper_bound(addr);
  if (it == m_.begin()) return false;
  --it;
  if (addr < it->second.lo || addr >= it->second.hi) {
    if (!(addr == it->second.lo && it->second.hi == it->second.lo)) return false;
  }
  out = it->second;
  return true;
}
bool MemTable::range(u64 addr, u64& lo, u64& hi) const {
  std::shared_lock l(mu_);
  auto it = m_.upper_bound(addr);
  if (it == m_.begin()) return false;
  --it;
  if (addr >= it->second.hi) return false;
  lo = it->second.lo;
  hi = it->second.hi;
  return true;
}
u64 MemTable::bytes(MemKind k) const {
  std::shared_lock l(mu_);
  u64 n = 0;
  for (auto& [_, a] : m_)
    if (a.kind == k) n += a.hi - a.lo;
  return n;
}
std::string MemTable::describe(u64 addr) const {
  std::shared_lock l(mu_);
  auto it = m_.upper_bound(addr);
  std::string s;
  auto one = [&](const Alloc& a) {
    const char* kind[] = {"device",   "host",   "managed", "variable",
                          "constant", "params", "internal"};
    s += format_text("%s%s [0x%llx, 0x%llx) of %llu bytes, ", kind[(int)a.kind],
                     a.name.empty() ? "" : (" '" + a.name + "'").c_str(), (unsigned long long)a.lo,
                     (unsigned long long)a.hi, (unsigned long long)(a.hi - a.lo));
    if (addr >= a.hi)
      s += format_text("%llu bytes past its end; ", (unsigned long long)(addr - a.hi));
    else if (addr < a.lo)
      s += format_text("%llu bytes before its start; ", (unsigned long long)(a.lo - addr));
    else
      s += "containing it; ";
  };
  if (it != m_.begin()) one(std::prev(it)->second);
  if (it != m_.end()) one(it->second);
  return s.empty() ? "no allocations" : s;
}

// Every allocation is its own mapping when large, or malloc'd with a red zone when small.
static constexpr size_t kRed = 512;
void* mem_alloc(size_t bytes, MemKind kind, const std::string& name) {
  size_t n = bytes ? bytes : 1;
  const bool large =
      n >= (4u << 20);  // huge pages: strided accesses cost a TLB miss each otherwise
  const size_t unit = large ? 2u << 20 : 512;
  size_t total = (n + 2 * kRed + unit - 1) / unit * unit;
  void* base = aligned_alloc(unit, total);
  if (!base) return nullptr;
  if (large) madvise(base, total, MADV_HUGEPAGE);
  u8* p = (u8*)base + kRed;
  // New device memory is full of NaNs, unless that would cost much (VGPU_POISON_MAX bytes at the
  // start of each allocation).
  static const int poison =
      (int)environment_number("VGPU_POISON", environment_number("VGPU_CHECK", 1) ? 0xff : -1);
  static const size_t poison_max = (size_t)environment_number("VGPU_POISON_MAX", 256 << 20);
  if (poison >= 0 && kind == MemKind::Device)
    memset(p, poison, std::min(n, poison_max));
  else if (n < (1u << 16))
    memset(p, 0, n);
  Alloc a{(u64)p, (u64)p + n, kind, name, 0, (u64)base, 0};
  memtable().add(a);
  return p;
}
bool mem_free(void* p) {
  Alloc a;
  if (!memtable().find((u64)p, a) || a.lo != (u64)p || !a.base) return false;
  memtable().remove(a.lo);
  free((void*)a.base);
  return true;
}
}  // namespace vgpu

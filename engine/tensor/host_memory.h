// Memory for tensors of the CPU, in huge pages where the system has them: a processor that walks
// through 4 KiB pages stops at each of them, once to look up its address and once to notice that it
// is read in order. On an Intel Xeon under a hypervisor huge pages make a training step up to
// 7 % and attention over 512 tokens 4 % faster.
#pragma once

#include <cstddef>

namespace ebb {

/// At least `bytes` of memory, aligned to 64 bytes; null when there is no more. Safe to use from
/// several threads.
///
/// Requests are cut one after the other from slabs of 32 MiB, of which only what is touched takes
/// memory, or have a slab of their own. What is freed is given back to the system: its whole pages
/// at once, its addresses with the last piece of its slab. So this is for those who keep and reuse
/// what they have, as CachingAllocator does. Under a sanitizer, which watches the bounds of each
/// request, every one is a call of operator new.
void* allocate_host_memory(std::size_t bytes);

/// Gives memory of allocate_host_memory(bytes) back; it must not be null.
void free_host_memory(void* memory, std::size_t bytes) noexcept;

}  // namespace ebb

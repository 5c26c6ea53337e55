// Parallel loops over independent items, with errors as repeatable as results.
#pragma once

#include <cstddef>
#include <functional>

namespace ebb::preprocessing {

/// Calls `body(i)` for every i in [0, count) on up to ebb::default_threads() threads, on fewer if
/// there is little to do: `work` is about how many cells a body touches. Bodies of
/// different i must not write to the same memory. Of several exceptions the one of the lowest i is
/// thrown, so that errors, too, are the same for any number of threads.
void parallel_for(std::size_t count, std::size_t work,
                  const std::function<void(std::size_t)>& body);

/// Cuts [0, count) rows of `columns` cells into ranges of `grain` and calls `body(begin, end)` for
/// each in parallel. The bounds depend on `count` and `grain` alone, never on the number of
/// threads.
void parallel_ranges(std::size_t count, std::size_t columns, std::size_t grain,
                     const std::function<void(std::size_t, std::size_t)>& body);

}  // namespace ebb::preprocessing

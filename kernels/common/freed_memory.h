// What becomes of memory that is freed.
#pragma once

namespace ebb {

/// Makes malloc keep freed memory for what is allocated next, where it would give large pieces back
/// to the system at once. For programs that handle tables, before they compute: every page of a new
/// piece costs some 3 microseconds of the kernel's time, which was a fifth of the way from a file
/// of a gigabyte to a matrix. The process keeps the most that it has had.
void keep_freed_memory();

}  // namespace ebb

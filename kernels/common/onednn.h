// What all uses of oneDNN's primitives share. Include in .cpp files only: dnnl.hpp is heavy.
#pragma once

#include <dnnl.hpp>

namespace ebb {

/// The CPU, for oneDNN's objects. It has no state.
const dnnl::engine& onednn_cpu();

/// A packed bf16 matrix [k, n], as AVX-512 and AMX read it: blocks of 32 rows and 64 columns, in
/// which two neighbours of a column lie side by side.
dnnl::memory::desc packed_matrix_description(std::int64_t k, std::int64_t n);

}  // namespace ebb

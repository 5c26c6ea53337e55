// A prepared table as a file.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "apps/churn/data/prepared_data.h"
#include "engine/io/atomic_file.h"

namespace ebb::churn {

/// How categories are written.
enum class CategoryLayout {
  codes,    ///< one column of codes each: 0 missing, 1 unknown, then the levels
  one_hot,  ///< a column of 0 and 1 for "missing" and for each level; unknown is all 0
};

/// CSV text with a header: the ids, the features, the labels; piece by piece to `write`. Numbers in
/// the shortest spelling that reads back as the same f32. Throws DataError, before anything is
/// written, if two columns would have one name, or one none: such a table cannot be read.
void write_csv_table(const PreparedTable& table, CategoryLayout layout,
                     const std::function<void(std::string_view)>& write);

/// A safetensors file: "numbers" f32 [rows, numbers] and "codes" i32 [rows, categories], or
/// "features" f32 [rows, width] with CategoryLayout::one_hot; "labels" f32 [rows] if there are
/// some. Metadata: "names", a JSON array of the features' names in this order, and "pipeline".
/// Throws as write_safetensors does, and as write_csv_table on names. The caller commits.
void write_tensor_table(AtomicFile& output, const PreparedTable& table, CategoryLayout layout);

}  // namespace ebb::churn

// Prepared tables as files, written piece by piece.
#pragma once

#include <functional>
#include <memory>
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

/// Takes the rows of one table in pieces, which all have ids or none, and labels or none.
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  virtual void add(PreparedRows rows) = 0;
  /// After the last piece, of which there is one at least. The caller commits the file.
  virtual void finish() = 0;
};

/// CSV text with a header: the ids, the features, the labels; each piece at once to `write`.
/// Numbers in the shortest spelling that reads back as the same f32. `pipeline` must outlive the
/// writer. add() throws DataError, before anything is written, if two columns would have one name,
/// or one none: such a table cannot be read.
std::unique_ptr<TableWriter> csv_table_writer(const preprocessing::Pipeline& pipeline,
                                              std::string id_column, CategoryLayout layout,
                                              std::function<void(std::string_view)> write);

/// A safetensors file: "numbers" f32 [rows, numbers] and "codes" i32 [rows, categories], or
/// "features" f32 [rows, width] with CategoryLayout::one_hot; "labels" f32 [rows] if there are
/// some. Metadata: "names", a JSON array of the features' names in this order, and "pipeline".
/// Holds the encoded rows until finish(), 4 bytes a value, twice that while it grows: the header,
/// which comes first, has their number and their checksums, and one tensor begins where another
/// ends. `pipeline` and `output` must outlive the writer. Throws as write_safetensors does, and as
/// csv_table_writer on names.
std::unique_ptr<TableWriter> tensor_table_writer(const preprocessing::Pipeline& pipeline,
                                                 CategoryLayout layout, AtomicFile& output);

}  // namespace ebb::churn

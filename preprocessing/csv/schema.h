// Which columns of a file are wanted, and what is known of their kinds before reading.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "preprocessing/csv/csv_options.h"

namespace ebb::preprocessing {

/// A column to read: where it stands in a record, and its declared kind, if any.
struct WantedColumn {
  std::string name;
  std::size_t position = 0;
  std::optional<DeclaredKind> declared;
};

/// The columns of `header` to read, in the header's order. Throws DataError if a column is declared
/// twice, or is declared and not in the header while options.require_declared.
std::vector<WantedColumn> wanted_columns(const std::vector<std::string>& header,
                                         const CsvOptions& options, const std::string& source);

}  // namespace ebb::preprocessing

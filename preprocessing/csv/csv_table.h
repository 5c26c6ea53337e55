// Tables as CSV text (csv_writer.h).
#pragma once

#include <cstddef>
#include <string>

#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// The record that names the columns.
std::string csv_header(const Table& table);

/// Records [begin, end), made in parallel: numbers in their shortest spellings, which read back as
/// the same, a missing value as an empty field.
std::string csv_rows(const Table& table, std::size_t begin, std::size_t end);

}  // namespace ebb::preprocessing

// The tables that a configuration names, read with what it says of their columns.
#pragma once

#include <optional>

#include "apps/churn/config/run_config.h"
#include "kernels/common/device.h"
#include "preprocessing/table/table.h"

namespace ebb::churn {

/// Reads data.path. Target, split column and columns without a declared kind that are no features
/// come as texts, whatever they hold. Throws DataError if data.path or data.target is empty, if
/// data.id_column is the name of a score and if a column that the configuration names does not
/// exist; and as read_csv does. A GPU parses the file, if `device` is one.
preprocessing::Table read_customers(const RunConfig& config, Device device = {});

/// The delimiter of a further table: `given`, else blanks where the configuration's table has them,
/// since they are not found from a file, else the one found.
std::optional<char> further_delimiter(std::optional<char> given, const DataConfig& data);

/// Reads split.test_data with the kinds that the columns of `customers` have; further columns are
/// skipped. Empty without such a table. Throws as read_csv does. `device`: as of read_customers().
std::optional<preprocessing::Table> read_test_customers(const RunConfig& config,
                                                        const preprocessing::Table& customers,
                                                        Device device = {});

/// Reads a table of other customers in the same way, to be compared with `customers`: texts among
/// numbers are counted in the table's stray_texts.
preprocessing::Table read_later_customers(const RunConfig& config, const std::string& path,
                                          const preprocessing::Table& customers);

}  // namespace ebb::churn

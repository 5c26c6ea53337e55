// Which columns a step is for: by name, by pattern, by type.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "preprocessing/steps/step.h"
#include "preprocessing/steps/step_options.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// What a step can work on. Categories are texts; columns of one value are texts, too.
enum class ColumnType { any, number, category };

/// The columns that the options `key` (most often "columns") and "except" select: lists of names
/// and of patterns, in which * stands for any text; without `key`, all. Only columns of `type` are
/// selected, and no reserved ones (StepContext); identifiers only by their name. Order: the
/// table's. Throws DataError, with the declaration's place, for a name that is no column or a
/// column of another type or reserved, for whole numbers that name rows in place of categories, for
/// a pattern that matches nothing, and if none is left.
std::vector<std::string> select_columns(StepOptions& options, std::string_view key,
                                        const Table& table, ColumnType type,
                                        const StepContext& context);

/// The columns that the list under `key` names, in the order given; those of a pattern that are not
/// there yet, in the table's. Throws as select_columns, but for a list without any.
std::vector<std::string> list_columns(StepOptions& options, std::string_view key,
                                      const Table& table, ColumnType type,
                                      const StepContext& context);

/// Throws DataError unless the column is of `type`: new rows hold something else than in training.
void require_type(const Column& column, ColumnType type);
/// The same of a column on a device.
void require_type(const DeviceTable& table, const std::string& name, ColumnType type);

/// Whether `text` is matched by a pattern with *, whole.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace ebb::preprocessing

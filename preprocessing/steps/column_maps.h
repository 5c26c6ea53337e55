// What a step makes of single columns on a device.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "preprocessing/columns/map_number.h"
#include "preprocessing/table/device_table.h"

namespace ebb::preprocessing {

/// A number for each number, in a column of the same name.
struct NumberMap {
  NumberMapping mapping;  ///< its knots outlive this
  std::string indicator;  ///< the name of a further column, 1 where the value is missing; or empty
};

/// Numbers for each level (SpreadColumn), in the columns `names`.
struct LevelMap {
  std::vector<std::string> names;
  std::vector<double> values;
  std::vector<std::int32_t> places;
  double missing = 0.0;
  std::int32_t missing_place = 0;
};

/// Another code for each level, in a column of texts of the same name; that of a missing value,
/// too.
struct CodeMap {
  std::vector<std::string> levels;  ///< of the codes that are new
  std::vector<std::int32_t> codes;
  std::int32_t missing = kMissingCode;
  std::string indicator;  ///< as above
};

using ColumnMap = std::variant<NumberMap, LevelMap, CodeMap>;

/// A column with a row for each level of another one, in their order, and a row without a value at
/// the end. What a step makes of it tells what it makes of all rows.
Column column_of_levels(const DeviceColumn& column);

/// What `values`, a step's numbers for column_of_levels(), say.
LevelMap level_map(std::string name, std::vector<double> values);

/// Puts what maps[i] says in the place of column names[i]: all numbers by one launch, and all
/// texts.
void map_columns(DeviceTable& table, std::span<const std::string> names,
                 std::span<const ColumnMap> maps);

/// Takes column `name` out and appends what all `maps` make of it.
void replace_at_end(DeviceTable& table, const std::string& name, std::span<const LevelMap> maps);

/// A new column of numbers on the table's device; its values are not set.
DeviceColumn empty_numbers(const DeviceTable& table, std::string name);

}  // namespace ebb::preprocessing

// CSV files to tables in the memory of a device, which cuts their text into fields and parses them.
#pragma once

#include <filesystem>
#include <memory>

#include "preprocessing/csv/csv_options.h"
#include "preprocessing/table/device_table.h"

namespace ebb::preprocessing {

/// A table on a device, with where its rows came from and the reader's notes.
struct DeviceRead {
  std::unique_ptr<Table> origin;
  DeviceTable table;
  bool is_by_device = false;  ///< not read by the host
};

/// The table that read_csv() (csv/csv_reader.h) reads, to the bit, and the errors that it throws.
/// The text goes through the device in chunks of eight of options.block_bytes, so that a file may
/// be larger than memory; the columns stay there, but for those that may prove identifiers, which
/// the host reads from where the device found them.
///
/// One rule says who reads: the device, if the file can be opened twice and is regular, else the
/// host, from the beginning. Regular is a file of two columns or more, not between blanks, not JSON
/// lines, whose rows all have as many fields as the header, whose quotes stand around whole fields,
/// doubled within, without blank lines but at its end, without a carriage return that no line feed
/// follows, without a text in a column of numbers.
DeviceRead read_csv_on_device(const std::filesystem::path& path, const CsvOptions& options,
                              Device device);

/// The same table on the host, by way of a GPU, if the device is one.
Table read_csv_by_way_of(Device device, const std::filesystem::path& path,
                         const CsvOptions& options);

}  // namespace ebb::preprocessing

#include "preprocessing/csv_device/csv_on_device.h"

#include <optional>

#include "kernels/common/error.h"
#include "preprocessing/csv/column_plans.h"
#include "preprocessing/csv/csv_reader.h"
#include "preprocessing/csv/record_reader.h"
#include "preprocessing/csv_device/chunk_reader.h"
#include "preprocessing/csv_device/column_reader.h"

namespace ebb::preprocessing {
namespace {

/// Reads what is regular; nothing else.
std::optional<DeviceRead> try_to_read(const std::filesystem::path& path, const CsvOptions& options,
                                      Device device) {
  const MissingTokens missing(options.missing_tokens);
  RecordReader sampled(path, options);
  const std::size_t columns = sampled.header().size();
  if (columns < 2 || sampled.delimiter() == kBlanks) return std::nullopt;
  ColumnPlans plans =
      plan_columns(wanted_columns(sampled.header(), options, sampled.source()),
                   read_sample(sampled, options.sample_rows), options, missing, sampled.source());
  ChunkReader chunks(RecordReader(path, options), options, device);
  ColumnReader reader(std::move(plans), sampled.source(), options.missing_tokens, device);
  while (chunks.next(reader.context())) {
    if (!reader.append(chunks.chunk())) return std::nullopt;
  }
  if (!chunks.is_regular() || reader.rows() == 0) return std::nullopt;
  return std::move(reader).finish();
}

}  // namespace

DeviceRead read_csv_on_device(const std::filesystem::path& path, const CsvOptions& options,
                              Device device) {
  if (std::filesystem::is_regular_file(path) && !is_json_lines(path, options)) {
    try {
      if (auto read = try_to_read(path, options, device)) return *std::move(read);
    } catch (const DataError&) {
      // The reader on the host finds it too, or the error that comes before it.
    }
  }
  auto origin = std::make_unique<Table>(read_csv(path, options));
  DeviceTable table(*origin, device);
  return {std::move(origin), std::move(table), false};
}

Table read_csv_by_way_of(Device device, const std::filesystem::path& path,
                         const CsvOptions& options) {
  if (!device.is_cuda()) return read_csv(path, options);
  DeviceRead read = read_csv_on_device(path, options, device);
  if (!read.is_by_device) return std::move(*read.origin);
  Table table = read.table.download(read.table.names());
  table.notes = std::move(read.origin->notes);
  return table;
}

}  // namespace ebb::preprocessing

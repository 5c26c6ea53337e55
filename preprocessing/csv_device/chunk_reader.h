// The text of a CSV file behind its header, chunk by chunk, cut into fields on a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/tensor/staging_buffer.h"
#include "preprocessing/csv/pending_text.h"
#include "preprocessing/csv/record_reader.h"
#include "preprocessing/csv_device/fields.h"

namespace ebb::preprocessing {

/// Whole rows of a file, on the device and on the host.
struct TextChunk {
  DeviceFields fields;
  char* text = nullptr;          ///< the same on the host, fields.bytes of it and a few more
  std::uint64_t first_line = 1;  ///< of the file
};

class ChunkReader {
 public:
  /// Reads what follows the header that `header` has read.
  ChunkReader(RecordReader header, const CsvOptions& options, Device device);

  /// Reads the next chunk, false at the end or where the text is not regular (csv_on_device.h).
  /// Throws IoError, and DataError for what is not UTF-8. Bytes moved: the text once to the device,
  /// then those of cut_fields().
  bool next(Context& context);
  /// Valid until next(). The text on the host may be changed.
  [[nodiscard]] TextChunk& chunk() { return chunk_; }
  /// Whether all of the file was, once next() has said false.
  [[nodiscard]] bool is_regular() const { return is_regular_; }

 private:
  void end_text();
  bool cut(Context& context);

  std::int64_t columns_;
  char delimiter_;
  std::size_t chunk_bytes_;
  std::size_t max_record_bytes_;
  std::uint64_t line_;
  PendingText text_;
  StagingBuffer staging_;
  TextChunk chunk_;
  bool is_regular_ = true;
};

}  // namespace ebb::preprocessing

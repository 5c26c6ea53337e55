// Columns of a table on a device, from chunks of text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "preprocessing/csv/column_plans.h"
#include "preprocessing/csv/table_builder.h"
#include "preprocessing/csv_device/chunk_reader.h"
#include "preprocessing/csv_device/csv_on_device.h"
#include "preprocessing/csv_device/encode_texts.h"
#include "preprocessing/csv_device/parse_numbers.h"
#include "preprocessing/csv_device/token_list.h"

namespace ebb::preprocessing {

class ColumnReader {
 public:
  ColumnReader(ColumnPlans plans, std::string source, const std::vector<std::string>& missing,
               Device device);

  [[nodiscard]] Context& context() { return context_; }
  [[nodiscard]] std::size_t rows() const { return on_host_.rows(); }
  /// Appends the rows of a chunk, whose text changes where quotes are doubled. False if a column of
  /// numbers holds a text or two texts have one hash; the columns are then of no use. Throws
  /// DataError as TableBuilder::append().
  bool append(const TextChunk& chunk);
  /// Throws DataError as TableBuilder::finish().
  DeviceRead finish() &&;

 private:
  struct TextColumn {
    WantedColumn column;
    BuildPlan plan;
    Dictionary texts;
    std::size_t missing = 0;
  };

  bool append_numbers(const TextChunk& chunk);
  bool append_texts(const TextChunk& chunk);
  void append_on_host(const TextChunk& chunk);
  void add_numbers(DeviceTable& table, std::size_t column) const;
  void add_texts(DeviceTable& table, std::size_t column);

  Context context_;
  std::vector<std::string> notes_;
  std::vector<std::string> names_;  // of all columns, in their order
  TokenList tokens_;
  MissingTokens missing_;
  std::vector<WantedColumn> number_columns_;
  std::vector<BuildPlan> number_plans_;
  std::vector<TextColumn> text_columns_;
  std::vector<Tensor> codes_;                 // of each chunk: i32 [columns, rows]
  std::vector<Tensor> numbers_;               // of each chunk: f64 [columns, rows]
  std::vector<std::int64_t> host_positions_;  // of the columns that the host reads
  TableBuilder on_host_;
};

}  // namespace ebb::preprocessing

// A table of any length as a fitted pipeline encodes it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/churn/data/prepared_data.h"
#include "preprocessing/csv/csv_reader.h"

namespace ebb::churn {

/// Which column has the ids of a table.
struct IdColumn {
  std::string name;          // empty: none
  bool is_required = false;  // else a warning says that there are no ids
};

/// Reads and encodes piece by piece, in bounded memory unless steps look at other rows. Labels are
/// read if the table has the target with some value in its first piece.
class NewTable {
 public:
  /// Opens it. `pipeline` must outlive this; rows are encoded on `device`. Throws as open_new_rows
  /// does, and DataError on a required id column that is absent or on one that is the target.
  NewTable(const std::filesystem::path& path, const preprocessing::Pipeline& pipeline,
           const IdColumn& id_column, std::optional<char> delimiter = std::nullopt,
           Device device = {});

  /// Replaces `rows` by the next ones, in host memory; false at the end. Throws as CsvReader::next,
  /// parse_labels and Pipeline::transform do: a label must be in every row or in none.
  bool next(PreparedRows& rows);

  /// Of an absent id column, and of drift in the rows that were read.
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  std::vector<float> labels_of(const preprocessing::Table& table);

  const preprocessing::Pipeline& pipeline_;
  std::string id_column_;
  Device device_;
  preprocessing::CsvReader reader_;
  preprocessing::DriftReport drift_;
  std::optional<bool> has_labels_;  // known from the first piece on
  preprocessing::Table first_row_;  // of a table without labels
  std::vector<std::string> warnings_;
};

}  // namespace ebb::churn

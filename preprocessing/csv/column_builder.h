// Turns the fields of one CSV column into a Column, block by block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "preprocessing/csv/missing_tokens.h"
#include "preprocessing/csv/record_reader.h"
#include "preprocessing/table/column.h"
#include "preprocessing/table/dictionary.h"
#include "preprocessing/table/inference.h"

namespace ebb::preprocessing {

/// What a builder makes of its fields.
enum class BuildPlan {
  number,           ///< declared: every value must be a number
  fitted_number,    ///< number, of a fitted pipeline
  inferred_number,  ///< the sample says so: every value must be a number; may prove constant
  undecided,        ///< unique integers, or no value yet: texts are kept until the end shows
  category,         ///< declared
  identifier,       ///< declared
  inferred_text,    ///< category, identifier or constant, shown at the end
};

/// The plan for an undeclared column, from its profile over the sample. Throws DataError for a
/// number column with a few texts in it.
BuildPlan plan_column(const std::string& name, const ColumnProfile& profile,
                      std::size_t distinct_integers, const std::string& source);

class ColumnBuilder {
 public:
  ColumnBuilder(std::string name, BuildPlan plan, std::string source)
      : name_(std::move(name)), source_(std::move(source)), plan_(plan) {}

  /// Appends rows [begin, end) of column `column` of the block. Throws DataError at a text in a
  /// number column.
  void append(const FieldBlock& block, std::size_t column, std::size_t begin, std::size_t end,
              const MissingTokens& missing);
  /// The column; the builder is then as new, for the next chunk of the same column.
  Column finish();

 private:
  [[nodiscard]] bool builds_numbers() const;
  void append_number(std::string_view field, std::uint64_t line);
  void append_text(std::string_view field, std::uint64_t line);
  Column finish_numbers();
  Column finish_texts();
  Column finish_undecided(Column column);

  std::string name_;
  std::string source_;
  BuildPlan plan_;
  std::vector<double> numbers_;
  std::vector<std::int32_t> codes_;
  Dictionary dictionary_;
  ColumnProfile profile_;  // kept for undecided only
};

}  // namespace ebb::preprocessing

// Turns the fields of one CSV column into a Column, block by block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "preprocessing/csv/field_block.h"
#include "preprocessing/csv/missing_tokens.h"
#include "preprocessing/table/column.h"
#include "preprocessing/table/dictionary.h"
#include "preprocessing/table/inference.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// What a builder makes of its fields.
enum class BuildPlan {
  number,             ///< declared: every value must be a number
  fitted_number,      ///< number, of a fitted pipeline
  fixed_number,       ///< number, whatever the user would declare
  number_or_missing,  ///< declared: other values are taken for missing, and counted
  inferred_number,    ///< the sample says so: every value must be a number; may prove constant
  undecided,          ///< unique integers, or no value yet: kept as they are until the end shows
  category,           ///< declared
  identifier,         ///< declared
  inferred_text,      ///< category, identifier or constant, shown at the end
};

/// The plan for an undeclared column, from its profile over the sample. Throws DataError for a
/// number column with a few texts in it.
BuildPlan plan_column(const std::string& name, const ColumnProfile& profile,
                      std::size_t distinct_integers, const std::string& source);

/// What an undeclared column of numbers is if all of them that are not missing are equal: constant,
/// or a category if it is that value or missing. Nothing if they are not, or there is none.
std::optional<Column> one_level_column(const std::string& name, const std::vector<double>& numbers);

/// The kind of an undeclared column that holds texts, of which `missing` rows have none.
ColumnKind kind_of_texts(const std::string& name, std::size_t rows, std::size_t missing,
                         const std::vector<std::string>& levels);

/// Where rows of a slice go in a column.
struct RowRange {
  const FieldSlice* slice = nullptr;
  std::size_t begin = 0;  ///< rows [begin, end) of the slice
  std::size_t end = 0;
  std::size_t to = 0;  ///< the column's row that the first of them becomes
};

/// What reading a range leaves to be done in order.
struct Unsettled {
  Dictionary texts;  ///< those that the column does not know yet
  bool is_read_as_integers = false;
  bool has_other_texts = false;  ///< than integers: then the range must be read again
  ColumnProfile integers;
  StrayTexts stray;  ///< of BuildPlan::number_or_missing
};

/// Takes rows in three steps: grow makes room, read fills it for several ranges at once, and settle
/// ends what must be done in order. Columns that may prove identifiers are kept as integers as long
/// as all values are: nearly unique texts would fill a dictionary.
class ColumnBuilder {
 public:
  ColumnBuilder(std::string name, BuildPlan plan, std::string source)
      : name_(std::move(name)),
        source_(std::move(source)),
        plan_(plan),
        reads_integers_(may_hold_integers()) {}

  void reserve(std::size_t rows);
  void grow(std::size_t rows);
  /// Reads column `column` of the rows; `unsettled` must be as new. Returns the first row of the
  /// slice that holds a text in a number column, if any; then the column is of no more use.
  std::optional<std::size_t> read(const RowRange& rows, std::size_t column,
                                  const MissingTokens& missing, Unsettled& unsettled);
  /// After read, for each range in order, with what it left, which becomes as new.
  void settle(const RowRange& rows, std::size_t column, const MissingTokens& missing,
              Unsettled& unsettled);
  /// Throws the DataError for the text at `row` of the slice.
  [[noreturn]] void refuse(const FieldSlice& slice, std::size_t row, std::size_t column) const;
  /// What BuildPlan::number_or_missing took for missing so far.
  [[nodiscard]] const StrayTexts& stray_texts() const { return stray_; }
  /// The column; the builder is then as new, for the next chunk of the same column.
  Column finish();

 private:
  [[nodiscard]] bool builds_numbers() const;
  [[nodiscard]] bool may_hold_integers() const {
    return plan_ == BuildPlan::undecided || plan_ == BuildPlan::identifier;
  }
  std::optional<std::size_t> read_numbers(const RowRange& rows, std::size_t column,
                                          const MissingTokens& missing, StrayTexts& stray);
  void read_integers(const RowRange& rows, std::size_t column, const MissingTokens& missing,
                     Unsettled& unsettled);
  void read_texts(const RowRange& rows, std::size_t column, const MissingTokens& missing,
                  Dictionary& fresh);
  void settle_texts(const RowRange& rows, Dictionary& fresh);
  void turn_integers_to_texts(std::size_t count);
  void profile_texts(const RowRange& rows, std::size_t column, const MissingTokens& missing);
  Column finish_numbers();
  Column finish_integers();
  Column finish_texts();
  Column finish_undecided(Column column);

  std::string name_;
  std::string source_;
  BuildPlan plan_;
  bool reads_integers_;
  std::vector<double> numbers_;
  std::vector<std::int64_t> integers_;
  std::vector<std::int32_t> codes_;
  Dictionary dictionary_;
  ColumnProfile profile_;  // kept for undecided only
  StrayTexts stray_;
};

}  // namespace ebb::preprocessing

// Dates that lie after the label was settled: what a feature of them says was not known then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/table/table.h"
#include "preprocessing/time/time_format.h"

namespace ebb::preprocessing {

/// When the label of a row was settled, such as the cut-off behind which churn is looked for.
struct LabelDate {
  std::string column;                ///< that holds it for each row; empty: `date`
  std::optional<std::int64_t> date;  ///< of all rows, as timestamp.h counts
  TimeFormat format;                 ///< of all dates in the table
};

struct LateDates {
  std::string column;
  std::size_t dates = 0;  ///< in rows with a label date
  std::size_t late = 0;   ///< of those, after it
  std::size_t first_row = 0;
  std::string example;     ///< its value, and the label date there
  std::string label_date;  ///< as format_timestamp spells it
};

struct DateComparison {
  std::vector<std::string> columns;  ///< that hold dates
  std::vector<LateDates> late;       ///< of those, with a late one
};

/// Compares the dates of the named columns with the label date. A column holds dates if of its
/// first 1,000 values, missing ones aside, at least nine tenths are some in the format; what is
/// none among them is passed over. A date without a time of day is its midnight. Throws DataError
/// for an unknown name, and for a text in the label date's column that is none.
DateComparison compare_with_label_date(const Table& table, std::span<const std::string> names,
                                       const LabelDate& label_date);

}  // namespace ebb::preprocessing

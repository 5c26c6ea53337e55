// The fitted state of each column that the model uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "preprocessing/encoding/category_encoding.h"
#include "preprocessing/pipeline/number_facts.h"
#include "preprocessing/pipeline/pipeline_config.h"
#include "preprocessing/scaling/scaling.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// What the training rows looked like, to compare new rows with. Unscaled values.
struct NumberStatistics {
  std::size_t rows = 0;
  std::size_t missing = 0;
  double minimum = 0.0;
  double maximum = 0.0;
  double mean = 0.0;
  double deviation = 0.0;  ///< population standard deviation
  /// Distinct deciles without minimum and maximum; bucket i holds values in (edge i-1, edge i].
  std::vector<double> edges;
  /// Training values per bucket, edges.size() + 1 of them; of a long column those of a sample.
  std::vector<std::size_t> counts;
  bool operator==(const NumberStatistics&) const = default;
};

struct NumberFeature {
  std::string name;
  double fill_value = 0.0;     ///< unscaled
  bool has_indicator = false;  ///< whether a second feature says that the value was missing
  NumberScaler scaler;
  /// Ascending quantiles i / bins of the scaled training values, distinct in f32, at least two.
  std::vector<double> bin_edges;
  NumberStatistics statistics;
  bool operator==(const NumberFeature&) const = default;
};

struct CategoryFeature {
  std::string name;
  bool holds_numbers = false;  ///< a number column: its levels are the numbers' shortest spellings
  std::int32_t missing_code = kEncodedMissing;  ///< the code that a missing value gets
  CategoryEncoder encoder;
  /// Training rows whose value would be unknown had the encoder been fitted without them: the share
  /// of new values to be expected unknown without any drift (leave-one-out, as Good and Turing).
  std::size_t expected_unknown = 0;
  std::vector<std::size_t> counts;  ///< training rows per code (missing ones under code 0)
  bool operator==(const CategoryFeature&) const = default;
};

/// What the training rows held before any step, to compare new rows with.
struct StepInputNumber {
  std::string name;
  NumberStatistics statistics;
  bool operator==(const StepInputNumber&) const = default;
};
struct InputStatistics {
  std::vector<StepInputNumber> numbers;
  std::vector<CategoryFeature> categories;
  [[nodiscard]] bool empty() const { return numbers.empty() && categories.empty(); }
  bool operator==(const InputStatistics&) const = default;
};

/// A column of the training table that is no feature, and why.
struct DroppedColumn {
  enum class Reason { requested, identifier, constant, all_missing, too_rare, decimal_comma };
  std::string name;
  Reason reason = Reason::requested;
  bool operator==(const DroppedColumn&) const = default;
};

/// "requested", "identifier", "constant", "all_missing", "too_rare", "decimal_comma".
std::string_view reason_name(DroppedColumn::Reason reason);
/// A sentence for the user, such as `column "zip" is left out: ...` with the reason.
std::string describe(const DroppedColumn& column);

/// Fits one number column, of which `facts` are those of options.fill; the values must not all be
/// missing or equal. Throws DataError if they are too large to scale.
NumberFeature fit_number(const Column& column, const NumberFacts& facts,
                         const NumberOptions& options, std::size_t quantiles, std::size_t bins);
/// Fits one text column, or a number column by its numbers' shortest spellings.
CategoryFeature fit_category(const Column& column, const CategoryOptions& options);
/// The same from level_counts() of a text column.
CategoryFeature fit_category(const Column& column, std::span<const std::size_t> counts,
                             const CategoryOptions& options);

/// The statistics of a number column alone; zeros if all values are missing.
NumberStatistics number_statistics(const Column& column);

/// Bucket of `value` among `edges` (NumberStatistics::edges).
std::size_t bucket_of(std::span<const double> edges, double value);

/// The column's numbers. A text column is parsed; throws DataError naming the line of the first
/// text that is no number.
std::vector<double> as_numbers(const Column& column, const Table& table);

/// The column of `table` as texts in the spelling of the feature's levels: where these are numbers
/// as_numbers' texts, and it throws as that does.
Column in_spelling_of(const CategoryFeature& feature, const Column& column, const Table& table);

}  // namespace ebb::preprocessing

// Missing numbers filled from the training rows that are most alike in what is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "preprocessing/common/json_reader.h"
#include "preprocessing/table/column.h"

namespace ebb::preprocessing {

enum class NeighbourWeights {
  uniform,
  distance,  ///< 1 / distance; neighbours at distance 0, if any, alone
};

struct NeighbourOptions {
  std::size_t neighbours = 5;  ///< at least 1
  NeighbourWeights weights = NeighbourWeights::uniform;
  /// So many training rows at most are kept, drawn at random by `seed` where there are more.
  std::size_t most_rows = 10'000;
  std::uint64_t seed = 0;
};

/// As scikit-learn's KNNImputer. The distance of two rows is
///   sqrt(columns / shared * sum over shared of (a - b)^2),
/// shared being the columns that both have. A missing value becomes the weighted mean of the value
/// in the nearest kept rows that have one, of rows equally near the earlier; the mean of the
/// training column if no such row shares a column. Distances are of the values as they are: scale
/// the columns first, or the one of the largest numbers decides alone.
///
/// A row with missing values costs kept rows * columns; the rows of a table are filled in parallel,
/// each on its own, so bitwise the same for any number of threads.
class NeighbourImputer {
 public:
  NeighbourImputer() = default;
  /// Fits to number columns of equally many training rows. Throws DataError naming a column without
  /// any value, and for options out of range.
  static NeighbourImputer fit(std::span<const Column* const> columns,
                              const NeighbourOptions& options);
  /// `kept`: the columns of the rows kept, NaN where missing. Throws DataError unless there are as
  /// many means, all columns are equally long and not empty, and all is finite but NaN in `kept`.
  static NeighbourImputer restore(std::size_t neighbours, NeighbourWeights weights,
                                  std::vector<double> means, std::vector<std::vector<double>> kept);

  /// Fills the columns in place, which are those of fit in the same order, and returns how many
  /// values were missing. Throws Error on another number of columns or unequal lengths.
  std::size_t fill(std::span<const std::span<double>> columns) const;

  [[nodiscard]] std::size_t neighbours() const { return neighbours_; }
  [[nodiscard]] NeighbourWeights weights() const { return weights_; }
  [[nodiscard]] const std::vector<double>& means() const { return means_; }
  [[nodiscard]] const std::vector<std::vector<double>>& kept() const { return kept_; }
  bool operator==(const NeighbourImputer& other) const;

 private:
  std::size_t neighbours_ = 0;
  NeighbourWeights weights_ = NeighbourWeights::uniform;
  std::vector<double> means_;
  std::vector<std::vector<double>> kept_;
};

/// "uniform", "distance"; parse throws DataError that lists them.
std::string_view neighbour_weights_name(NeighbourWeights weights);
NeighbourWeights parse_neighbour_weights(std::string_view name);

/// A kept column is an object of "values", 0 where missing, and "missing", the rows where it is.
nlohmann::json to_json(const NeighbourImputer& imputer);
NeighbourImputer neighbour_imputer_from_json(const JsonReader& reader);

}  // namespace ebb::preprocessing

// What is known of one customer, among all customers of a table.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/churn/decision/risk_band.h"
#include "preprocessing/cleaning/minimum_covariance.h"
#include "preprocessing/table/table.h"

namespace ebb::churn {

/// One column: the customer's value beside what is typical of all.
struct ColumnComparison {
  std::string name;
  std::optional<std::string> value;  ///< empty: missing
  std::string typical;               ///< the median, or the commonest level
  /// Of a number, the share of customers with a lower value, equal ones counting half; of a
  /// category, the share with the same level. Empty where the value is missing.
  std::optional<double> share;
  bool is_number = false;
};

struct SimilarCustomer {
  std::string id;
  double probability = 0.0;
  std::optional<bool> has_left;  ///< where there are labels
  double distance = 0.0;         ///< of standardised embeddings
};

struct BestOffer {
  std::string action;  ///< empty: no action gains
  double cost = 0.0;
  double gain = 0.0;  ///< expected
};

struct CustomerProfile {
  std::string id_name;  ///< of the column, or "row"
  std::string id;
  double probability = 0.0;
  double threshold = 0.0;
  std::string decision;  ///< the class that is predicted
  bool is_flagged = false;
  RiskBand risk = RiskBand::low;
  std::size_t customers = 0;         ///< in the table
  double higher_than = 0.0;          ///< share of the other customers with a lower probability
  std::vector<std::string> reasons;  ///< in words, the strongest first
  std::vector<ColumnComparison> columns;
  std::vector<SimilarCustomer> similar;
  std::optional<std::string> segment;
  std::optional<BestOffer> offer;
};

/// The share of the other probabilities that are lower; 0 for a single customer.
double share_below(std::span<const float> probabilities, std::size_t row);

/// All columns in the table's order but those without any value.
std::vector<ColumnComparison> compare_columns(const preprocessing::Table& table, std::size_t row);

struct NearRow {
  std::size_t row = 0;
  double distance = 0.0;  ///< Euclidean
};

/// The `most` other rows nearest to `row`, the nearest first, of equally near ones the earlier.
std::vector<NearRow> nearest_rows(const preprocessing::RowMatrix& rows, std::size_t row,
                                  std::size_t most);

}  // namespace ebb::churn

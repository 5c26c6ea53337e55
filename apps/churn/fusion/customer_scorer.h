// Probabilities of customers, by whatever a model is made of.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/churn/fusion/customer_model.h"
#include "kernels/common/precision.h"

namespace ebb::churn {

/// Rows of a table as the members take them: once for each pipeline that differs from the others.
using EncodedCustomers = std::vector<preprocessing::EncodedRows>;

class CustomerScorer {
 public:
  /// `model` must outlive it; `name` is what messages call it. Throws DataError when weights do not
  /// fit their pipeline, UnsupportedError on a precision that the device lacks.
  CustomerScorer(const CustomerModel& model, std::string name, const RuntimeConfig& runtime,
                 Precision precision = Precision::f32);
  ~CustomerScorer();

  /// On the device of the networks. Counts how far the rows have drifted. Throws as
  /// Pipeline::transform.
  EncodedCustomers encode(const preprocessing::Table& table);
  /// What Pipeline::drift_warnings says of the rows that were encoded, each sentence once.
  [[nodiscard]] std::vector<std::string> drift_warnings() const;

  /// Of each member, calibrated as its own file says. Throws DataError, which names the model, when
  /// weights that are finite but far too large make NaN of a row.
  MemberScores member_probabilities(const EncodedCustomers& rows);
  /// Combined, and calibrated as the model says. The same bits for any number of threads.
  std::vector<float> probabilities(const EncodedCustomers& rows);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Scores of a labelled table.
struct ScoredTable {
  std::vector<float> labels;
  MemberScores members;
  std::vector<float> probabilities;  // combined
};

/// Reads the whole table, which has the target, and scores it. Throws as open_new_rows,
/// parse_labels and the scorer do.
ScoredTable score_labelled(CustomerScorer& scorer, const CustomerModel& model,
                           const std::filesystem::path& path, std::optional<char> delimiter);

}  // namespace ebb::churn

// What a cross-validation found, for people and for other programs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "apps/churn/validation/cross_validation_file.h"
#include "apps/churn/validation/estimate.h"

namespace ebb::churn {

/// Rows that a round measures over those that it is fitted to, mean over the rounds.
double test_to_train(std::span<const FoldRows> rounds);

/// Metrics of each round, in the order of the results.
std::vector<Metrics> network_metrics(const ValidatedConfig& config,
                                     const LabelledCustomers& customers);
std::vector<Metrics> logistic_metrics(const ValidatedConfig& config,
                                      const LabelledCustomers& customers);

/// A line per metric: mean and standard error, of the network and of the logistic regression.
std::string estimates_table(std::span<const Estimate> network, std::span<const Estimate> logistic);
/// A line per metric: both means, the difference with its standard error, t and p.
std::string comparison_table(std::span<const Estimate> first, std::span<const Estimate> second,
                             std::span<const Comparison> comparisons);
/// In a sentence, which of the two has the better `metric`, or that no difference is shown, which
/// is so where p is 0.05 or more.
std::string verdict(std::span<const Comparison> comparisons, std::string_view metric,
                    const std::string& first, const std::string& second);

/// [{"metric", "mean", "standard_error"}, ...]; null for what is undefined.
nlohmann::ordered_json to_json(std::span<const Estimate> estimates);
nlohmann::ordered_json to_json(std::span<const Comparison> comparisons);

/// A CSV file of out-of-fold probabilities: a line per measured row and round, named by the id
/// column or the row's number, with the label and the probability of each configuration.
std::string out_of_fold_csv(const CrossValidation& validation, const LabelledCustomers& customers,
                            const std::string& id_column);

}  // namespace ebb::churn

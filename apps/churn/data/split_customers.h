// Which rows of the customer table train, validate and test.
#pragma once

#include <string>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "preprocessing/split/split.h"
#include "preprocessing/table/labels.h"

namespace ebb::churn {

struct CustomerSplit {
  preprocessing::Split rows;
  std::string description;  // by what rule, and what each part is, in one line
};

/// Splits as config.split asks: as its column says, in the order of its time column, by groups of
/// its group column, else at random and stratified. With a test table there are no test rows. Adds
/// to `notes` what the user should know. Throws DataError as the ways to split do, and if the
/// training rows lack a class.
CustomerSplit split_customers(const preprocessing::Table& table,
                              const preprocessing::Labels& labels, const RunConfig& config,
                              std::vector<std::string>& notes);

/// Notes how many rows of the test table belong to a group that is also in `table`.
void note_shared_groups(const preprocessing::Table& table, const preprocessing::Table& test,
                        const RunConfig& config, std::vector<std::string>& notes);

}  // namespace ebb::churn

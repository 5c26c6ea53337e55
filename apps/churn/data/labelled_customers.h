// A customer table with its labels, read and cleaned once, however often it is split.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/churn/config/run_config.h"
#include "apps/churn/data/prepared_data.h"
#include "apps/churn/data/split_customers.h"
#include "preprocessing/pipeline/pipeline_config.h"
#include "preprocessing/table/labels.h"
#include "preprocessing/table/table.h"

namespace ebb::churn {

/// How to keep rows that equal an earlier one, for messages.
inline constexpr std::string_view kKeepDuplicates =
    "drop_duplicates = false under [preprocessing] in the --config file";

struct LabelledCustomers {
  preprocessing::Table table;  // without duplicates, nor rows of the test table
  std::optional<preprocessing::Table> test;
  preprocessing::Labels labels;        // of `table`
  std::vector<double> weights;         // likewise; empty without data.weight_column
  std::vector<std::size_t> file_rows;  // from 1, of each row of `table`: where it was in the file
  std::size_t table_rows = 0;          // read from the file
  std::size_t duplicates = 0;          // of those, dropped
  std::string fingerprint;             // of the tables' contents
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
};

enum class TestTable { read, ignored };

/// Reads what config.data, .split.test_data and .preprocessing.drop_duplicates ask for. Throws as
/// prepare_data does. Tables are parsed and duplicates found on `device`, if that is a GPU.
LabelledCustomers read_labelled_customers(const RunConfig& config, Device device = {},
                                          TestTable test = TestTable::read);

/// split_customers() of the table. Its errors also say that duplicates had been dropped, where they
/// had. Adds to `notes` what the user should know.
CustomerSplit split_or_explain(const LabelledCustomers& customers, const RunConfig& config,
                               std::vector<std::string>& notes);

/// As prepare_data, for rows that are split already; those of customers.test, if there is one, take
/// the place of the split's test rows.
PreparedData prepare_split(const LabelledCustomers& customers, const CustomerSplit& split,
                           const RunConfig& config, Device device = {},
                           const std::function<void()>& between = {});

/// Which columns are no features by their role.
preprocessing::PipelineConfig column_roles(const RunConfig& config);

}  // namespace ebb::churn

#include "apps/churn/data/held_out_rows.h"

#include "apps/churn/data/labelled_customers.h"
#include "apps/churn/data/split_customers.h"
#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

/// Nothing if training could not have read the table: one of other columns, say.
std::optional<LabelledCustomers> customers_of(const RunConfig& config) {
  try {
    return read_labelled_customers(config);
  } catch (const DataError&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<LabelledRows> held_out_rows(const RunConfig& config, const std::string& fingerprint,
                                          const preprocessing::Pipeline& pipeline,
                                          preprocessing::DriftReport& drift) {
  std::optional<LabelledCustomers> customers = customers_of(config);
  if (!customers || customers->fingerprint != fingerprint) return std::nullopt;
  const CustomerSplit split =
      split_customers(customers->table, customers->labels, config, customers->notes);
  LabelledRows rows;
  if (split.rows.test.empty()) return rows;
  for (const std::size_t row : split.rows.test) {
    rows.labels.push_back(customers->labels.values[row]);
  }
  rows.features = pipeline.transform(select_rows(customers->table, split.rows.test), &drift);
  return rows;
}

}  // namespace ebb::churn

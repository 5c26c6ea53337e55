#include "apps/churn/data/audit_options.h"

namespace ebb::churn {

preprocessing::AuditOptions audit_options(const RunConfig& config,
                                          const preprocessing::Table& table) {
  preprocessing::AuditOptions options{.target = config.data.target,
                                      .positive = {},
                                      .split_column = config.split.column,
                                      .id_column = config.data.id_column,
                                      .ignored = config.data.drop_columns,
                                      .label_date = {}};
  if (!config.data.positive.empty()) options.positive = config.data.positive;
  // Ignored ones are not in the table.
  std::erase_if(options.ignored,
                [&](const std::string& name) { return table.find(name) == nullptr; });
  return options;
}

}  // namespace ebb::churn

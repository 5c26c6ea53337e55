#include "apps/churn/offers/offers_file.h"

#include <algorithm>
#include <functional>

#include "kernels/common/error.h"
#include "preprocessing/csv/csv_reader.h"

namespace ebb::churn {

OfferTotals read_offer_totals(const std::filesystem::path& path) {
  using preprocessing::Column;
  using preprocessing::DeclaredKind;
  preprocessing::CsvOptions options;
  options.delimiter = ',';
  options.missing_tokens = {""};  // an action may be called NA
  options.columns = {{"action", DeclaredKind::category},
                     {"cost", DeclaredKind::number},
                     {"expected_gain", DeclaredKind::number}};
  options.undeclared = preprocessing::UndeclaredColumns::ignore;
  options.text_among_numbers = preprocessing::TextAmongNumbers::refuse_fixed;
  const preprocessing::Table table = preprocessing::read_csv(path, options);
  const Column actions = as_text(*table.find("action"));
  const Column& costs = *table.find("cost");
  const Column& gains = *table.find("expected_gain");

  OfferTotals totals;
  totals.customers = table.rows();
  for (const std::string& name : actions.levels) totals.actions.push_back({.name = name});
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (actions.is_missing(row)) continue;
    if (costs.is_missing(row) || gains.is_missing(row)) {
      fail<DataError>(
          "{}: action \"{}\" without a cost or an expected gain; give a file as ebb "
          "offers wrote it",
          table.where(row), shortened(actions.text(row)));
    }
    ActionTotal& total = totals.actions[static_cast<std::size_t>(actions.codes[row])];
    ++total.customers;
    total.cost += costs.numbers[row];
    total.gain += gains.numbers[row];
  }
  std::ranges::stable_sort(totals.actions, std::greater<>(), &ActionTotal::gain);
  return totals;
}

}  // namespace ebb::churn

#include "apps/churn/artefact/history.h"

#include <array>
#include <type_traits>

#include <fmt/format.h>

#include "kernels/common/error.h"

namespace ebb::churn {
namespace {

struct HistoryColumn {
  std::string_view name;
  double (*get)(const EpochRecord&);
  void (*set)(EpochRecord&, double);
};

template <auto Member>
constexpr HistoryColumn column(std::string_view name) {
  return {name, [](const EpochRecord& record) { return static_cast<double>(record.*Member); },
          [](EpochRecord& record, double value) {
            record.*Member = static_cast<std::remove_reference_t<decltype(record.*Member)>>(value);
          }};
}

constexpr std::array kColumns = {
    column<&EpochRecord::epoch>("epoch"),
    column<&EpochRecord::train_loss>("train_loss"),
    column<&EpochRecord::validation_loss>("validation_loss"),
    column<&EpochRecord::validation_auc>("validation_auc"),
    column<&EpochRecord::learning_rate>("learning_rate"),
    column<&EpochRecord::gradient_norm>("gradient_norm"),
    column<&EpochRecord::rows_per_second>("rows_per_second"),
    column<&EpochRecord::gigaflops_per_second>("gigaflops_per_second"),
    column<&EpochRecord::best>("best"),
};

}  // namespace

std::string history_csv(const std::vector<EpochRecord>& history) {
  std::string csv;
  for (const HistoryColumn& column : kColumns) {
    csv += fmt::format("{}{}", csv.empty() ? "" : ",", column.name);
  }
  for (const EpochRecord& record : history) {
    char separator = '\n';
    for (const HistoryColumn& column : kColumns) {
      csv += fmt::format("{}{}", separator, column.get(record));
      separator = ',';
    }
  }
  return csv + '\n';
}

Tensor history_tensor(const std::vector<EpochRecord>& history) {
  std::vector<double> values;
  for (const EpochRecord& record : history) {
    for (const HistoryColumn& column : kColumns) values.push_back(column.get(record));
  }
  return Tensor::from_values(
      {static_cast<std::int64_t>(history.size()), static_cast<std::int64_t>(kColumns.size())},
      values);
}

std::vector<EpochRecord> history_of(const Tensor& tensor) {
  if (tensor.dtype() != DType::f64 || tensor.rank() != 2 ||
      tensor.extent(1) != static_cast<std::int64_t>(kColumns.size())) {
    fail<DataError>("the history is {} of {}, expected [epochs, {}] of f64",
                    to_string(tensor.shape()), name_of(tensor.dtype()), kColumns.size());
  }
  std::vector<EpochRecord> history(static_cast<std::size_t>(tensor.extent(0)));
  std::size_t next = 0;
  for (EpochRecord& record : history) {
    for (const HistoryColumn& column : kColumns) {
      column.set(record, tensor.values<double>()[next++]);
    }
  }
  return history;
}

}  // namespace ebb::churn

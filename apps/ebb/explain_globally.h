// What `ebb explain` says of a model as a whole: files of its columns' importance and dependence.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/churn/artefact/model_file.h"
#include "apps/churn/explanation/attributions.h"
#include "apps/ebb/model_options.h"

namespace ebb::program {

struct GlobalOptions {
  std::string importance;            // file of permutation importance; empty: none
  std::string attention;             // file of attention rollout; empty: none
  std::string dependence;            // file of dependence curves; empty: none
  std::vector<std::string> columns;  // of the curves; empty: all
  std::uint64_t seed = 0;
};

/// Writes permutation importance, by falling rise of the log-loss, one line for each group of
/// columns. Throws DataError if the table has no labels.
void write_importance(const churn::ModelFile& model, const ModelOptions& options,
                      const GlobalOptions& global, const churn::LogitFunction& logits,
                      const std::function<void()>& between);

/// Writes partial dependence and the curves of a sample of customers. Throws DataError on an
/// unknown column.
void write_dependence(const churn::ModelFile& model, const ModelOptions& options,
                      const GlobalOptions& global, const churn::LogitFunction& logits,
                      const std::function<void()>& between);

/// Writes each column's share of attention rollout, largest first, over a sample of customers.
void write_attention(const churn::ModelFile& model, const ModelOptions& options,
                     const GlobalOptions& global);

/// All rows of a further table, with what the steps leave of its columns.
struct FurtherRows {
  preprocessing::Table table;
  preprocessing::EncodedRows features;
};
FurtherRows read_further(const std::string& path, const churn::ModelFile& model,
                         const std::string& delimiter);

}  // namespace ebb::program

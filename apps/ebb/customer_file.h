// A whole table of customers as a model sees it, for commands that compare customers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "apps/churn/artefact/model_file.h"
#include "apps/ebb/interrupt.h"
#include "apps/ebb/model_options.h"
#include "preprocessing/table/table.h"

namespace ebb::program {

/// A column of the table that an option names.
struct NamedColumn {
  std::string name;    // empty: none
  std::string option;  // or file, for messages
};

struct CustomerFile {
  preprocessing::Table table;        // as read
  preprocessing::Table columns;      // those the model looks at, as its steps left them
  preprocessing::EncodedRows rows;   // in host memory
  std::vector<std::string> ids;      // or row numbers
  std::string id_header;             // "row" where there are no ids
  std::vector<float> probabilities;  // calibrated
  std::vector<float> labels;         // none where the table has none
  std::vector<std::string> warnings;
};

/// Reads --data, in memory as a whole, with what the model needs, its id and label columns where
/// the table has them, and `more`, which must be there. Throws DataError, which names the option,
/// where one is not, and as predict does.
CustomerFile read_customer_file(const ModelOptions& options, const churn::ModelFile& model,
                                churn::Predictor& predictor, Device device,
                                std::span<const NamedColumn> more, const InterruptGuard& interrupt);

/// Throws DataError that names `column`, and its option, unless the header has it.
void require_column(std::span<const std::string> header, const std::string& source,
                    const NamedColumn& column);

/// The embeddings of the rows, each dimension standardised: row-major [rows, dim].
std::vector<double> standard_embeddings(churn::Predictor& predictor,
                                        const preprocessing::EncodedRows& rows);

}  // namespace ebb::program

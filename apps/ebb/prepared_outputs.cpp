#include "apps/ebb/prepared_outputs.h"

#include <string_view>

#include <nlohmann/json.hpp>

#include "apps/ebb/input_files.h"

namespace ebb::program {

PreparedOutputs::PreparedOutputs(const std::string& table, const std::string& pipeline) {
  if (lower_case(table).ends_with(".safetensors")) {
    tensors_.emplace(table);
  } else {
    csv_.emplace(table);
  }
  if (!pipeline.empty()) pipeline_.emplace(pipeline);
}

std::unique_ptr<churn::TableWriter> PreparedOutputs::writer(const preprocessing::Pipeline& pipeline,
                                                            const std::string& id_column,
                                                            churn::CategoryLayout layout) {
  if (tensors_) return churn::tensor_table_writer(pipeline, layout, *tensors_);
  return churn::csv_table_writer(pipeline, id_column, layout,
                                 [this](std::string_view text) { csv_->write(text); });
}

void PreparedOutputs::write_pipeline(const preprocessing::Pipeline& pipeline) {
  if (pipeline_) pipeline_->write(pipeline.to_json().dump(2) + "\n");
}

void PreparedOutputs::commit() {
  const auto all = [&](auto action) {
    if (tensors_) action(*tensors_);
    if (csv_) action(*csv_);
    if (pipeline_) action(*pipeline_);
  };
  all([](auto& output) { output.settle(); });
  all([](auto& output) { output.commit(); });
}

}  // namespace ebb::program

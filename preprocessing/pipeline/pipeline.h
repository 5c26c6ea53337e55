// The fitted way from a table to model inputs: fitted on training rows only, then fixed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/tensor/tensor.h"
#include "preprocessing/csv/csv_options.h"
#include "preprocessing/pipeline/drift.h"
#include "preprocessing/pipeline/features.h"
#include "preprocessing/pipeline/pipeline_config.h"
#include "preprocessing/steps/step_sequence.h"
#include "preprocessing/table/device_table.h"
#include "preprocessing/table/table.h"

namespace ebb::preprocessing {

/// Model inputs of some rows, in host memory or on a GPU. No NaN: missing numbers are filled in.
struct EncodedRows {
  std::size_t rows = 0;
  std::size_t number_count = 0;
  std::size_t category_count = 0;
  std::vector<float> numbers;       ///< row-major [rows, number_count]: scaled, then indicators 0/1
  std::vector<std::int32_t> codes;  ///< row-major [rows, category_count], in [0, cardinality)
  Tensor device_numbers;            ///< f32 [rows, number_count] on a GPU, in place of `numbers`
  Tensor device_codes;              ///< i32 [rows, category_count] likewise

  /// Where the rows are.
  [[nodiscard]] Device device() const {
    return device_numbers.defined() ? device_numbers.device() : Device();
  }
};

/// The rows in host memory: those given, or a copy of what is on a GPU, whose work it waits for.
EncodedRows to_host(EncodedRows rows);

struct FittedRows;

/// A number column of the training rows that new rows are compared with.
struct JudgedNumber {
  const std::string& name;
  const NumberStatistics& statistics;
};

class Pipeline {
 public:
  /// Fits to all rows of the table: give it the training rows only (select_rows). Number columns
  /// become numbers, category columns categories; identifiers, columns that are constant or empty
  /// in these rows, the target and config.drop_columns are left out (see dropped()). Bitwise the
  /// same for any number of threads. Throws DataError for an unknown column in the config, a wrong
  /// value in it, and if no column is left.
  /// Declared steps come first: they see all columns but the target and config.drop_columns, and
  /// what they leave becomes the features, which are fitted to the training rows as transform will
  /// give them.
  /// On a GPU what fills are made of, moments and counts of levels are found there, to which their
  /// columns are copied once; all that is fitted has the bits that it has on the CPU. Throws
  /// UnsupportedError on a device that cannot be used.
  static Pipeline fit(const Table& training_rows, const PipelineConfig& config, Device device = {});

  /// As fit, and encodes the training rows. Not always as transform would: where a step encodes
  /// values by their labels, a training row's value must not hold its own label.
  static FittedRows fit_transform(Table training_rows, const PipelineConfig& config,
                                  Device device = {});

  /// Encodes the rows of a table, whose columns may stand in any order; further ones are ignored.
  /// Throws DataError for a column that is missing (unless AbsentColumn::impute) or a text in a
  /// number column (with its line). Categories not known get kEncodedUnknown. `report`, if given,
  /// is added to. Rows are encoded one by one, so that a table can come in pieces, unless
  /// steps().looks_at_other_rows(). On a GPU the columns are copied to its memory once, are
  /// changed by the steps and encoded there, and the rows stay there; they have the bits that they
  /// have on the CPU. Throws UnsupportedError on a device that cannot be used.
  EncodedRows transform(const Table& table, DriftReport* report = nullptr,
                        Device device = {}) const;

  /// The columns that the features of a table's rows are made of: after all steps, before they are
  /// filled and encoded. Throws as transform.
  Table apply_steps(const Table& table) const;

  /// One sentence for each way in which the counted rows differ much from the training rows; see
  /// the limits in drift.h.
  std::vector<std::string> drift_warnings(const DriftReport& report) const;

  /// Throws DataError that names a column which `header` lacks, and the nearest name there is.
  /// Needed are the columns in `more` and, unless AbsentColumn::impute, those that the model uses.
  /// `source` names the file.
  void require_columns(std::span<const std::string> header, const std::string& source,
                       std::span<const std::string> more = {}) const;

  /// How to read a new file: the kinds of all columns used, everything else ignored, the training
  /// file's missing tokens. `texts` names more columns to keep, as identifiers (an id to pass
  /// through, the target); those that the model uses anyway are not declared twice.
  CsvOptions schema_for_reading(std::span<const std::string> texts = {}) const;

  /// Names of the number features in the order of EncodedRows::numbers; "x is missing" for the
  /// indicator of column x.
  std::vector<std::string> number_names() const;
  std::vector<std::string> category_names() const;
  /// Number of codes of each category.
  std::vector<std::int32_t> cardinalities() const;
  /// For each number feature the ascending distinct bin edges, at least two, of its scaled training
  /// values; {0, 1} for an indicator.
  std::vector<std::vector<double>> bin_edges() const;

  const std::vector<NumberFeature>& numbers() const { return numbers_; }
  const std::vector<CategoryFeature>& categories() const { return categories_; }
  const std::vector<DroppedColumn>& dropped() const { return dropped_; }
  const std::string& target() const { return target_; }
  const std::array<std::string, 2>& classes() const { return classes_; }
  std::size_t training_rows() const { return training_rows_; }
  const StepSequence& steps() const { return steps_; }
  /// What a table must have, and as what: the inputs of steps, else the features.
  std::vector<ColumnDeclaration> inputs() const;
  /// The columns that a DriftReport is about: numbers, then categories, as they are before any
  /// step. A pipeline with steps that was written as version 2 knows features alone.
  std::vector<JudgedNumber> judged_numbers() const;
  const std::vector<CategoryFeature>& judged_categories() const;

  /// The whole state; from_json(to_json(p)) == p, every f64 to the bit.
  nlohmann::json to_json() const;
  /// Throws DataError naming the JSON path for an unknown version, a missing or unknown key, a
  /// wrong type or a value out of range.
  static Pipeline from_json(const nlohmann::json& json);

  bool operator==(const Pipeline&) const = default;

 private:
  /// Fits to columns as the steps left them. `on_device`: the same columns on a GPU, which finds
  /// what it can; null on the CPU.
  static Pipeline fit_features(const Table& training_rows, const PipelineConfig& config,
                               DeviceTable* on_device);
  /// Fits the steps, which change `table`, then the features. On a GPU the columns that they are
  /// fitted to are in `on_device` then, unless those are other ones.
  static Pipeline fit_in_place(Table& table, const PipelineConfig& config, Device device,
                               std::optional<DeviceTable>& on_device);
  /// The columns of step_inputs_, of their kinds.
  Table select_inputs(const Table& table) const;
  /// Adds the drift of a table's columns, which are `selected`, to the report.
  void count_inputs(const Table& table, const Table& selected, DriftReport& report) const;
  void count_inputs(const Table& table, DeviceTable& selected, DriftReport& report) const;
  EncodedRows transform_on(Device device, const Table& table, DriftReport* report) const;
  /// Encodes columns as the steps left them, and adds their drift to the report, if given.
  EncodedRows encode(const Table& table, DriftReport* report) const;
  EncodedRows encode(DeviceTable& table, DriftReport* report) const;

  std::string target_;
  std::array<std::string, 2> classes_;
  std::vector<std::string> missing_tokens_;
  AbsentColumn absent_columns_ = AbsentColumn::error;
  std::size_t training_rows_ = 0;
  StepSequence steps_;
  std::vector<ColumnDeclaration> step_inputs_;  // none without steps
  InputStatistics input_statistics_;            // of those
  std::vector<NumberFeature> numbers_;
  std::vector<CategoryFeature> categories_;
  std::vector<DroppedColumn> dropped_;
};

/// What Pipeline::fit_transform gives.
struct FittedRows {
  Pipeline pipeline;
  EncodedRows rows;
};

/// Throws the error of Pipeline::fit for a table without any column that could be a feature. For
/// all rows of a table, before it is cleaned and split.
void require_features(const Table& table, const PipelineConfig& config);

/// One matrix of all features, row-major [rows, width], for a linear model or another program: the
/// numbers, then for each category one column per code but the unknown one (missing first, then the
/// levels), in which an unknown value is a row of zeros.
struct OneHotRows {
  std::size_t rows = 0;
  std::size_t width = 0;
  std::vector<float> values;
};
/// `keeps_code[i]`, if given, says that category i has a column of its code instead. Throws Error
/// for another number of cardinalities, or of `keeps_code`, than of categories, and on rows that
/// are not in host memory.
OneHotRows one_hot_rows(const EncodedRows& rows, std::span<const std::int32_t> cardinalities,
                        std::span<const std::uint8_t> keeps_code = {});
/// The name of each one-hot feature: a number's name, or `contract = One year`.
std::vector<std::string> one_hot_names(const Pipeline& pipeline);

}  // namespace ebb::preprocessing

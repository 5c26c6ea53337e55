#include "preprocessing/csv/csv_reader.h"

#include <algorithm>
#include <limits>

#include "kernels/common/error.h"
#include "preprocessing/csv/column_plans.h"
#include "preprocessing/csv/missing_tokens.h"
#include "preprocessing/csv/record_source.h"
#include "preprocessing/csv/schema.h"
#include "preprocessing/csv/table_builder.h"

namespace ebb::preprocessing {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} << 20;

[[noreturn]] void fail_no_rows(const std::string& source) {
  fail<DataError>("{}: the file has a header but no rows", source);
}

/// About how many rows the file has, if that can be known: its bytes over those of a sample's row,
/// and 5 % more, since making room again costs more than address space does.
std::optional<std::size_t> estimate_rows(const RecordSource& reader,
                                         const std::vector<FieldBlock>& sample) {
  const std::optional<std::uint64_t> size = reader.text_size();
  if (!size) return std::nullopt;
  std::size_t bytes = 0;
  for (const FieldBlock& block : sample) bytes += block.text.size();
  const double rows = static_cast<double>(*size) / static_cast<double>(bytes) *
                      static_cast<double>(rows_of(sample));
  return static_cast<std::size_t>(1.05 * rows);
}

}  // namespace

Table read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  const std::unique_ptr<RecordSource> source = open_records(path, options);
  RecordSource& reader = *source;
  const MissingTokens missing(options.missing_tokens);
  std::vector<WantedColumn> columns = wanted_columns(reader.header(), options, reader.source());
  std::vector<FieldBlock> sample = read_sample(reader, options.sample_rows);
  if (sample.empty()) fail_no_rows(reader.source());
  ColumnPlans plans = plan_columns(std::move(columns), sample, options, missing, reader.source());
  TableBuilder builder(std::move(plans.columns), plans.plans, reader.source());
  if (const auto rows = estimate_rows(reader, sample)) builder.reserve(*rows);
  for (FieldBlock& block : sample) {
    builder.append(block, 0, block.rows(), missing);
    block = {};
  }
  FieldBlock block;
  while (reader.next(block)) builder.append(block, 0, block.rows(), missing);
  Table table = builder.finish();
  table.notes = std::move(plans.notes);
  return table;
}

struct CsvReader::State {
  State(const std::filesystem::path& path, const CsvOptions& options)
      : reader(open_records(path, options)),
        missing(options.missing_tokens),
        builder(make_builder(*reader, options)) {}

  static TableBuilder make_builder(const RecordSource& reader, const CsvOptions& options) {
    if (options.undeclared == UndeclaredColumns::infer) {
      fail(
          "CsvReader: kinds cannot be inferred chunk by chunk: declare the columns and set "
          "CsvOptions::undeclared to ignore");
    }
    std::vector<WantedColumn> columns = wanted_columns(reader.header(), options, reader.source());
    std::vector<BuildPlan> plans;
    for (const WantedColumn& column : columns) {
      plans.push_back(declared_plan(*column.declared, options));
    }
    return TableBuilder(std::move(columns), plans, reader.source());
  }

  std::unique_ptr<RecordSource> reader;
  MissingTokens missing;
  TableBuilder builder;
  FieldBlock block;
  std::size_t used = 0;  // rows of block that were given out
  bool has_started = false;
};

CsvReader::CsvReader(const std::filesystem::path& path, const CsvOptions& options)
    : state_(std::make_unique<State>(path, options)) {}
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;
CsvReader::~CsvReader() = default;

const std::vector<std::string>& CsvReader::header() const { return state_->reader->header(); }

bool CsvReader::next(Table& chunk, std::size_t max_rows) {
  if (max_rows == 0) fail("CsvReader::next: asked for chunks of 0 rows");
  State& state = *state_;
  const bool takes_all = max_rows == std::numeric_limits<std::size_t>::max();
  std::size_t bytes = 0;  // of text, in what has been taken
  while (state.builder.rows() < max_rows && (takes_all || bytes < kChunkBytes)) {
    if (state.used == state.block.rows()) {
      state.used = 0;
      if (!state.reader->next(state.block)) {
        state.block = {};
        break;
      }
    }
    const std::size_t rows =
        std::min(max_rows - state.builder.rows(), state.block.rows() - state.used);
    state.builder.append(state.block, state.used, state.used + rows, state.missing);
    state.used += rows;
    bytes += state.block.text.size() * rows / state.block.rows();
  }
  if (state.builder.rows() == 0 && !state.has_started) fail_no_rows(state.reader->source());
  state.has_started = true;
  chunk = state.builder.finish();
  return chunk.rows() > 0;
}

}  // namespace ebb::preprocessing
